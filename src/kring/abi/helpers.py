"""Kernel functions that programs call by number: one row per helper of <linux/bpf.h>."""

from __future__ import annotations

from kring.record import record


@record
class Helper:
    """BPF_FUNC_name. `args` and `result` say how the verifier, and so the compiler, sees them:

    - `int` any number, `size` the bytes of the buffer before it, `addr` an address to be probed;
    - `out` a buffer the helper fills, `in` a buffer it reads;
    - `map`, `key`, `value`: a map, and memory of its key's or value's size to be read;
    - `ctx` the program's context, `record` a reserved record, which the call ends;
    - as result, `value?` and `record?` may be null, `btf` is a typed kernel pointer.
    """

    name: str
    id: int
    args: tuple[str, ...] = ()
    result: str = "int"


def _helper(id: int, name: str, args: str = "", result: str = "int") -> Helper:
    return Helper(name, id, tuple(args.split()), result)


HELPERS = {
    helper.name: helper
    for helper in (
        _helper(1, "map_lookup_elem", "map key", "value?"),
        _helper(2, "map_update_elem", "map key value int"),
        _helper(3, "map_delete_elem", "map key"),
        _helper(4, "probe_read", "out size addr"),
        _helper(5, "ktime_get_ns"),
        _helper(6, "trace_printk", "in size int int int"),
        _helper(7, "get_prandom_u32"),
        _helper(8, "get_smp_processor_id"),
        _helper(12, "tail_call", "ctx map int"),
        _helper(14, "get_current_pid_tgid"),
        _helper(15, "get_current_uid_gid"),
        _helper(16, "get_current_comm", "out size"),
        _helper(25, "perf_event_output", "ctx map int in size"),
        _helper(35, "get_current_task", "", "kernel"),
        _helper(45, "probe_read_str", "out size addr"),
        _helper(80, "get_current_cgroup_id"),
        _helper(112, "probe_read_user", "out size addr"),
        _helper(113, "probe_read_kernel", "out size addr"),
        _helper(114, "probe_read_user_str", "out size addr"),
        _helper(115, "probe_read_kernel_str", "out size addr"),
        _helper(118, "jiffies64"),
        _helper(125, "ktime_get_boot_ns"),
        _helper(130, "ringbuf_output", "map in size int"),
        _helper(131, "ringbuf_reserve", "map size int", "record?"),
        _helper(132, "ringbuf_submit", "record int"),
        _helper(133, "ringbuf_discard", "record int"),
        _helper(134, "ringbuf_query", "map int"),
        _helper(158, "get_current_task_btf", "", "btf"),
        _helper(160, "ktime_get_coarse_ns"),
    )
}
