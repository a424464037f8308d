"""Both halves of a kernel event stream in one Python file.

Declare records and streams, mark a function as a program, `load` it, read typed events.
Everything a user needs is a name of this module.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "kring.decl.types": (
        "array be16 be32 be64 bits char i8 i16 i32 i64 u8 u16 u32 u64"
    ),
    "kring.decl.struct": "Struct fields pack sizeof unpack",
    "kring.decl.kernel": "Context KernelStruct TracepointArgs task_struct",
    "kring.decl.inside": "Discard cpu current kernel_str ktime_ns user_str",
    "kring.decl.maps": "Array Hash LruHash PerCpuArray PerCpuHash RingBuf",
    "kring.decl.programs": "Program raw_tracepoint syscall tracepoint",
}
