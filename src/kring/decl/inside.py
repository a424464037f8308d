"""Names that mean something only inside a program.

The front end gives them their meaning; touched anywhere else they say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from kring.errors import NotLive

if TYPE_CHECKING:
    from kring.decl.kernel import KernelEnum, KernelStruct
    from kring.decl.structs import task_struct


class Discard(Exception):
    """Raise inside `with events.reserve()` to drop the record instead of submitting it."""


def only_inside(name: str) -> NoReturn:
    """Refuse the use of `name` outside a program."""
    raise NotLive(f"{name} means something only inside a program that kring compiles")


class Current:
    """The task that runs the program; `pid` is its process, `tid` its thread, as `ps` has them."""

    if TYPE_CHECKING:
        pid: int
        tid: int
        uid: int
        gid: int
        comm: str
        task: task_struct
    else:

        def __getattr__(self, name: str) -> Any:
            only_inside(f"current.{name}")


current = Current()


def ktime_ns() -> int:
    """Nanoseconds since boot, suspended time not counted.

    See: bpf_ktime_get_ns.
    """
    only_inside("ktime_ns()")


def cpu() -> int:
    """The id of the CPU that runs the program.

    See: bpf_get_smp_processor_id.
    """
    only_inside("cpu()")


def kernel_str(address: int) -> str:
    """The string at a kernel address, for assignment to a string field."""
    only_inside("kernel_str()")


def user_str(address: int) -> str:
    """The string at an address of the current process, for assignment to a string field."""
    only_inside("user_str()")


def exists(kind: type[KernelStruct] | type[KernelEnum]) -> bool:
    """Whether the kernel has the struct, union or enum.

    See: BPF_CORE_TYPE_EXISTS.
    """
    only_inside("exists()")
