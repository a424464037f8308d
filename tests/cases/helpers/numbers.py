"""Helpers of numbers and clocks, by their own names."""

# engines: vm kernel

from kring import Array, XdpAction, helpers, ktime_ns, syscall, u64, xdp
from kring.helpers import get_prandom_u32, jiffies64

out = Array[u64](8)


# run: clocks(data=bytes(64)) -> out=[1, 1, 1, 1, 1, 1], value=2
@xdp
def clocks() -> XdpAction:
    a = helpers.ktime_get_ns()
    b = ktime_ns()
    out[0] = a <= b
    out[1] = helpers.ktime_get_boot_ns() >= a
    out[2] = helpers.ktime_get_coarse_ns() <= helpers.ktime_get_ns()
    out[3] = helpers.ktime_get_tai_ns() > 10**18
    out[4] = jiffies64() > 0
    out[5] = get_prandom_u32() < 1 << 32
    return XdpAction.PASS


# run: identity() -> out=[me.pid << 32 | me.tid, me.gid << 32 | me.uid, 1], value=0
@syscall
def identity() -> int:
    out[0] = helpers.get_current_pid_tgid()
    out[1] = helpers.get_current_uid_gid()
    out[2] = helpers.get_smp_processor_id() < 1024
    return 0
