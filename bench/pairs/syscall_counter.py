"""Count system calls per process."""

from kring import Hash, current, tracepoint, u32, u64

calls = Hash[u32, u64](max_entries=10_240)


@tracepoint("raw_syscalls:sys_enter")
def syscall_counter() -> None:
    calls[current.pid] += 1
