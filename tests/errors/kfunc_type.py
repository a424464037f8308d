from kring import kfunc


@kfunc
def bpf_strlen(text: str) -> int: ...
