from kring import u64, uretprobe


@uretprobe("libc.so.6", "malloc")
def on_return(ret: u64, size: u64) -> None:
    pass
