from kring import KernelStruct, Struct, current, syscall, u32


class Mine(Struct):
    field: u32


class task_struct(KernelStruct):
    mm: Mine


@syscall
def look() -> int:
    return current.task.mm.field
