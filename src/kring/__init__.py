"""Both halves of a kernel event stream in one Python file.

Declare records and streams, mark a function as a program, `load` it, read typed events.
Everything a user needs is a name of this module; what runs programs is imported at first use.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from kring.decl import atomic
from kring.decl.inside import Discard, cpu, current, exists, kernel_str, ktime_ns, user_str
from kring.decl.kernel import Context, KernelEnum, KernelStruct, KernelUnion, TracepointArgs
from kring.decl.locks import SpinLock
from kring.decl.maps import (
    Array,
    Hash,
    LruHash,
    LruPerCpuHash,
    PerCpuArray,
    PerCpuHash,
    PerfBuf,
    RingBuf,
)
from kring.decl.packets import CgroupAction, Packet, Skb, TcAction, Xdp, XdpAction
from kring.decl.programs import (
    Program,
    cgroup_skb,
    fentry,
    fexit,
    iterator,
    kprobe,
    kretprobe,
    lsm,
    perf_event,
    raw_tracepoint,
    socket_filter,
    syscall,
    tc,
    tp_btf,
    tracepoint,
    uprobe,
    uretprobe,
    usdt,
    xdp,
)
from kring.decl.struct import Struct, fields, pack, sizeof, unpack
from kring.decl.types import (
    array,
    be16,
    be32,
    be64,
    bits,
    char,
    embedded,
    i8,
    i16,
    i32,
    i64,
    named,
    ptr,
    u8,
    u16,
    u32,
    u64,
)
from kring.decl.variables import Global
from kring.errors import (
    CompileError,
    DeclarationError,
    KringError,
    KringWarning,
    LoadError,
    NotLive,
    NotPermitted,
    NotSupported,
    ObjectError,
    VerifierError,
)

if TYPE_CHECKING:
    from kring.build import build as build
    from kring.decl.containers import Bloom as Bloom
    from kring.decl.containers import LpmTrie as LpmTrie
    from kring.decl.containers import ProgArray as ProgArray
    from kring.decl.containers import Queue as Queue
    from kring.decl.containers import Stack as Stack
    from kring.decl.containers import StackTraces as StackTraces
    from kring.decl.contexts import PerfEvent as PerfEvent
    from kring.decl.contexts import Registers as Registers
    from kring.decl.kfuncs import kfunc as kfunc
    from kring.decl.structs import bpf_iter_meta as bpf_iter_meta
    from kring.decl.structs import task_struct as task_struct
    from kring.obj.object import Object as Object
    from kring.open import open as open
    from kring.pins import pinned as pinned
    from kring.pins import statistics as statistics
    from kring.run.kernel.kernel import Kernel as Kernel
    from kring.run.vm.feed import Event as Event
    from kring.run.vm.target import Vm as Vm
    from kring.run.vm.task import Task as Task
    from kring.session import Session as Session
    from kring.session import load as load
    from kring.stream.buffers import PerfHandle as PerfHandle
    from kring.stream.handle import StreamHandle as StreamHandle

__version__ = "0.1.0"

_LATER = {
    "Bloom": "kring.decl.containers",
    "LpmTrie": "kring.decl.containers",
    "ProgArray": "kring.decl.containers",
    "Queue": "kring.decl.containers",
    "Stack": "kring.decl.containers",
    "StackTraces": "kring.decl.containers",
    "kfunc": "kring.decl.kfuncs",
    "Event": "kring.run.vm.feed",
    "Task": "kring.run.vm.task",
    "build": "kring.build",
    "bpf_iter_meta": "kring.decl.structs",
    "task_struct": "kring.decl.structs",
    "load": "kring.session",
    "Kernel": "kring.run.kernel.kernel",
    "Object": "kring.obj.object",
    "open": "kring.open",
    "PerfEvent": "kring.decl.contexts",
    "PerfHandle": "kring.stream.buffers",
    "Registers": "kring.decl.contexts",
    "Session": "kring.session",
    "pinned": "kring.pins",
    "statistics": "kring.pins",
    "StreamHandle": "kring.stream.handle",
    "Vm": "kring.run.vm.target",
}

# `open` is not among them: `from kring import *` must leave Python's own alone.
__all__ = [
    "Array",
    "Bloom",
    "CgroupAction",
    "CompileError",
    "Context",
    "DeclarationError",
    "Discard",
    "Event",
    "Global",
    "Hash",
    "Kernel",
    "KernelEnum",
    "KernelStruct",
    "KernelUnion",
    "KringError",
    "KringWarning",
    "LoadError",
    "LpmTrie",
    "LruHash",
    "LruPerCpuHash",
    "NotLive",
    "NotPermitted",
    "NotSupported",
    "Object",
    "ObjectError",
    "Packet",
    "PerCpuArray",
    "PerCpuHash",
    "PerfBuf",
    "PerfEvent",
    "PerfHandle",
    "ProgArray",
    "Program",
    "Queue",
    "Registers",
    "RingBuf",
    "Session",
    "Skb",
    "SpinLock",
    "Stack",
    "StackTraces",
    "StreamHandle",
    "Struct",
    "Task",
    "TcAction",
    "TracepointArgs",
    "VerifierError",
    "Vm",
    "Xdp",
    "XdpAction",
    "array",
    "atomic",
    "be16",
    "be32",
    "be64",
    "bits",
    "bpf_iter_meta",
    "build",
    "cgroup_skb",
    "char",
    "cpu",
    "current",
    "embedded",
    "exists",
    "fentry",
    "fexit",
    "fields",
    "i8",
    "i16",
    "i32",
    "i64",
    "iterator",
    "kernel_str",
    "kfunc",
    "kprobe",
    "kretprobe",
    "ktime_ns",
    "load",
    "lsm",
    "named",
    "pack",
    "perf_event",
    "pinned",
    "ptr",
    "raw_tracepoint",
    "sizeof",
    "socket_filter",
    "statistics",
    "syscall",
    "task_struct",
    "tc",
    "tp_btf",
    "tracepoint",
    "u8",
    "u16",
    "u32",
    "u64",
    "unpack",
    "uprobe",
    "uretprobe",
    "usdt",
    "user_str",
    "xdp",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'kring' has no attribute {name!r}")
    thing = getattr(import_module(_LATER[name]), name)
    globals()[name] = thing
    return thing


class _Package(ModuleType):
    """Keeps `kring.build` the function: importing the module of that name would replace it."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _LATER and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
