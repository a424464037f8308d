from kring import KernelStruct, array, current, syscall, u32


class mm_struct(KernelStruct):
    saved_auxv: tuple[int, ...] = array(4, u32)


class task_struct(KernelStruct):
    mm: mm_struct


@syscall
def look() -> int:
    return current.task.mm.saved_auxv + 1
