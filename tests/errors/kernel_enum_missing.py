# load
from kring import KernelEnum, syscall


class pid_type(KernelEnum):
    PIDTYPE_TGIDS: int


@syscall
def look() -> int:
    return pid_type.PIDTYPE_TGIDS
