from kring import KernelStruct, current, embedded, syscall, u32


class task_struct(KernelStruct):
    mm: u32 = embedded()


@syscall
def look() -> int:
    return current.task.mm
