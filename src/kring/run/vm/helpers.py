"""The helpers of the VM, by the kernel's names.

In:  a `World`.
Out: `table(world)`, the helpers by number, as `Machine` takes them.
Rule: a result is what the kernel's helper returns, errors as negative errno. What the verifier
would have refused (a key outside memory, a map that is none) is a fault of the program instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from errno import EFAULT, EINVAL, ENOENT, ERANGE
from typing import TYPE_CHECKING, Final

from kring.abi.helpers import HELPERS
from kring.abi.uapi import BPF_F_USER_STACK, COMM_SIZE
from kring.errors import VmError
from kring.run.vm import callbacks, numbers, packets
from kring.run.vm.containers import BloomMap, JumpMap, Keyless, OuterMap, QueueMap, TraceMap
from kring.run.vm.perf import PerfMap
from kring.run.vm.printk import format_printk
from kring.run.vm.world import World, handle_of

if TYPE_CHECKING:
    from kring.run.vm.machine import Helper, Machine

_Function = Callable[[World, int, int, int, int, int], int]

_MOST_PRINTED: Final = 12
_LONGEST: Final = 1 << 12
"""Bytes of a format that are looked at for its NUL."""
_SKIPPED: Final = 0xFF
_MOST_TAIL_CALLS: Final = 33
_JIFFY_NS: Final = 4_000_000
# Of x86-64 with four-level page tables: the end of user addresses, the begin of the kernel's.
_TASK_SIZE: Final = (1 << 47) - 4096
_KERNEL_HALF: Final = 0xFFFF_8000_0000_0000


def table(world: World) -> dict[int, Helper]:
    """The helpers by number, acting on this world."""
    helpers = {HELPERS[name].id: _bound(world, function) for name, function in _BY_NAME.items()}
    facts = {HELPERS[name].id: _fact(world, fact) for name, fact in _FACTS.items()}
    calling = {HELPERS[name].id: _calling(world, one) for name, one in callbacks.BY_NAME.items()}
    return helpers | facts | calling | {HELPERS["tail_call"].id: _tail_call(world)}


def _fact(world: World, fact: Callable[[World], int]) -> Helper:
    def helper(_: Machine, *__: int) -> int:
        return fact(world)

    return helper


def _bound(world: World, function: _Function) -> Helper:
    def helper(_: Machine, r1: int, r2: int, r3: int, r4: int, r5: int) -> int:
        return function(world, r1, r2, r3, r4, r5)

    return helper


def _calling(world: World, function: Callable[[World, Machine, int, int, int, int], int]) -> Helper:
    def helper(machine: Machine, r1: int, r2: int, r3: int, r4: int, *_: int) -> int:
        return function(world, machine, r1, r2, r3, r4)

    return helper


def _lookup(world: World, at: int, key: int, *_: int) -> int:
    live = world.map_at(at)
    if isinstance(live, OuterMap):
        inner = live.held(world.memory.read(key, live.spec.key_size))
        return 0 if inner is None else handle_of(inner)
    values = live.find(world.memory.read(key, live.spec.key_size))
    if values is None:
        return 0
    return values[world.cpu if live.cpus > 1 else 0].base


def _update(world: World, at: int, key: int, value: int, flags: int, *_: int) -> int:
    live = world.map_at(at)
    new = world.memory.read(value, live.spec.value_size)
    values: list[bytes | None] = [new]
    if live.cpus > 1:
        # On a key that is not there yet, the other CPUs' values begin as zero.
        values = [new if cpu == world.cpu else None for cpu in range(live.cpus)]
    return live.store(world.memory.read(key, live.spec.key_size), values, flags)


def _delete(world: World, at: int, key: int, *_: int) -> int:
    live = world.map_at(at)
    return live.remove(world.memory.read(key, live.spec.key_size))


def _push(world: World, at: int, value: int, flags: int, *_: int) -> int:
    live = world.map_at(at)
    if not isinstance(live, Keyless):
        raise VmError(f"map {live.spec.name!r} takes no values without keys", address=at)
    return live.push(world.memory.read(value, live.spec.value_size), flags)


def _first(*, take: bool) -> _Function:
    """Of a queue or stack the first value; of a filter, whether it may have this one."""

    def first(world: World, at: int, value: int, *_: int) -> int:
        live = world.map_at(at)
        if isinstance(live, BloomMap) and not take:
            sought = world.memory.read(value, live.spec.value_size)
            return 0 if live.may_hold(sought) else -ENOENT
        if not isinstance(live, QueueMap):
            raise VmError(f"map {live.spec.name!r} is no queue", address=at)
        found = live.first(take=take)
        world.memory.write(value, found or bytes(live.spec.value_size))
        return -ENOENT if found is None else 0

    return first


def _stack_id(world: World, _: int, at: int, flags: int, *__: int) -> int:
    """The current task's stack of calls, less the innermost; a task without one gives -EFAULT."""
    live = world.map_at(at)
    if not isinstance(live, TraceMap):
        raise VmError(f"map {live.spec.name!r} has no stacks of calls", address=at)
    user = bool(flags & BPF_F_USER_STACK)
    stack = world.task.user_stack if user else world.task.kernel_stack
    stack = stack[flags & _SKIPPED :]
    return live.number(stack, flags) if stack else -EFAULT


def _nothing(world: World, *_: int) -> int:
    return 0


def _of_cpu(world: World, variable: int, cpu: int, *_: int) -> int:
    """A variable of the kernel's that each CPU has, here one for all of them."""
    return variable if cpu & 0xFFFF_FFFF < world.cpus else 0


def _of_this_cpu(world: World, variable: int, *_: int) -> int:
    return variable


def _tail_call(world: World) -> Helper:
    def helper(machine: Machine, r1: int, at: int, index: int, *_: int) -> int:
        live = world.map_at(at)
        if not isinstance(live, JumpMap):
            raise VmError(f"map {live.spec.name!r} has no programs", address=at)
        target = live.program(index & 0xFFFF_FFFF)
        if target is None or world.tail_calls >= _MOST_TAIL_CALLS:
            return 0
        world.tail_calls += 1
        machine.go_on(world.programs[target])

    return helper


def _probe(*, user: bool) -> _Function:
    def probe(world: World, to: int, size: int, source: int, *_: int) -> int:
        data = world.memory.probe(source, size, user=user)
        if len(data) < size:
            return _failed_probe(world, to, size, source, user)
        world.memory.write(to, data)
        return 0

    return probe


def _probe_str(*, user: bool) -> _Function:
    """The copy ends with the string's NUL, or is cut and gets one; what is behind it stays."""

    def probe(world: World, to: int, size: int, source: int, *_: int) -> int:
        data = world.memory.probe(source, size, user=user)
        end = data.find(0)
        if end < 0 and len(data) < size:
            return _failed_probe(world, to, size, source, user)
        copy = data[: end + 1] if end >= 0 else data[:-1] + b"\0"
        world.memory.write(to, copy[:size])
        return len(copy[:size])

    return probe


def _failed_probe(world: World, to: int, size: int, source: int, user: bool) -> int:
    """The error, after zeroing the destination. See: copy_from_kernel_nofault_allowed."""
    world.memory.write(to, bytes(size))
    return -EFAULT if user or source >= _KERNEL_HALF else -ERANGE


def _probe_any(user: _Function, kernel: _Function) -> _Function:
    """The old helpers that take either kind of address, which on x86 do not overlap."""

    def probe(world: World, to: int, size: int, source: int, r4: int, r5: int) -> int:
        return (user if source < _TASK_SIZE else kernel)(world, to, size, source, r4, r5)

    return probe


def _comm(world: World, to: int, size: int, *_: int) -> int:
    if not size:
        return -EINVAL
    comm = world.task.comm.encode()[: min(size, COMM_SIZE) - 1]
    world.memory.write(to, comm.ljust(size, b"\0"))
    return 0


def _printk(world: World, at: int, size: int, a: int, b: int, c: int) -> int:
    text = format_printk(world.memory, world.memory.read(at, size), (a, b, c))
    if text is None:
        return -EINVAL
    world.printed.append(text)
    return len(text.encode())


def _formatted(world: World, format: bytes, data: int, length: int) -> str | None:
    """A format with at most MAX_BPRINTF_VARARGS values; None if the kernel says EINVAL."""
    if length % 8 or length > 8 * _MOST_PRINTED:
        return None
    values = memoryview(world.memory.read(data, length)).cast("Q") if length else ()
    return format_printk(world.memory, format, tuple(values))


def _vprintk(world: World, at: int, size: int, data: int, length: int, *_: int) -> int:
    """See: kernel/trace/bpf_trace.c, bpf_trace_vprintk."""
    text = _formatted(world, world.memory.read(at, size), data, length)
    if text is None:
        return -EINVAL
    world.printed.append(text)
    return len(text.encode())


def _snprintf(world: World, to: int, size: int, format: int, data: int, length: int) -> int:
    """The length of the whole text with its NUL, of which as much as there is room for is put."""
    text = _formatted(world, world.memory.probe(format, _LONGEST, user=False), data, length)
    if text is None:
        return -EINVAL
    if size:
        world.memory.write(to, text.encode()[: size - 1] + b"\0")
    return len(text.encode()) + 1


def _perf_output(world: World, _: int, at: int, flags: int, data: int, size: int) -> int:
    live = world.map_at(at)
    if not isinstance(live, PerfMap):
        raise VmError(f"map {live.spec.name!r} is no perf event array", address=at)
    return live.output(world.cpu, world.memory.read(data, size), flags)


def _ring_output(world: World, at: int, data: int, size: int, flags: int, *_: int) -> int:
    return world.ring_at(at).output(world.memory.read(data, size), flags)


def _ring_reserve(world: World, at: int, size: int, flags: int, *_: int) -> int:
    record = world.ring_at(at).reserve(size, flags)
    return record.base if record else 0


def _ring_end(*, discard: bool) -> _Function:
    def end(world: World, record: int, flags: int, *_: int) -> int:
        for ring in world.rings():
            if ring.holds(record):
                ring.commit(record, flags, discard=discard)
                return 0
        raise VmError(f"{record:#x} is no record that the program holds", address=record)

    return end


def _ring_query(world: World, at: int, what: int, *_: int) -> int:
    return world.ring_at(at).query(what)


_BY_NAME: dict[str, _Function] = {
    "map_lookup_elem": _lookup,
    "map_update_elem": _update,
    "map_delete_elem": _delete,
    "map_push_elem": _push,
    "map_pop_elem": _first(take=True),
    "map_peek_elem": _first(take=False),
    "get_stackid": _stack_id,
    # One thread runs a program at a time.
    "spin_lock": _nothing,
    "spin_unlock": _nothing,
    "per_cpu_ptr": _of_cpu,
    "this_cpu_ptr": _of_this_cpu,
    "probe_read": _probe_any(_probe(user=True), _probe(user=False)),
    "probe_read_str": _probe_any(_probe_str(user=True), _probe_str(user=False)),
    "probe_read_user": _probe(user=True),
    "probe_read_user_str": _probe_str(user=True),
    "probe_read_kernel": _probe(user=False),
    "probe_read_kernel_str": _probe_str(user=False),
    "trace_printk": _printk,
    "trace_vprintk": _vprintk,
    "snprintf": _snprintf,
    "get_current_comm": _comm,
    "perf_event_output": _perf_output,
    "ringbuf_output": _ring_output,
    "ringbuf_reserve": _ring_reserve,
    "ringbuf_submit": _ring_end(discard=False),
    "ringbuf_discard": _ring_end(discard=True),
    "ringbuf_query": _ring_query,
    **numbers.BY_NAME,
    **packets.BY_NAME,
}
# Helpers without arguments.
_FACTS: dict[str, Callable[[World], int]] = {
    "ktime_get_ns": lambda _: time.monotonic_ns(),
    "ktime_get_boot_ns": lambda _: time.clock_gettime_ns(time.CLOCK_BOOTTIME),
    "ktime_get_coarse_ns": lambda _: time.monotonic_ns() // _JIFFY_NS * _JIFFY_NS,
    "ktime_get_tai_ns": lambda _: time.clock_gettime_ns(time.CLOCK_TAI),
    "get_numa_node_id": lambda _: 0,
    "jiffies64": lambda _: time.monotonic_ns() // _JIFFY_NS,
    "get_prandom_u32": lambda world: world.random.getrandbits(32),
    "get_smp_processor_id": lambda world: world.cpu,
    "get_current_pid_tgid": lambda world: world.task.pid << 32 | world.task.tid,
    "get_current_uid_gid": lambda world: world.task.gid << 32 | world.task.uid,
    "get_current_cgroup_id": lambda world: world.task.cgroup_id,
    "get_current_task": lambda world: world.task_address,
    "get_current_task_btf": lambda world: world.task_address,
}
