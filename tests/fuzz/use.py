"""Everything that kring does with an object or with types, done to bytes that may be anything.

Only ObjectError may come out, and of the VM that such an object is loaded in what it says of its
programs. The functions return how far they came, for counting.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import Any

from kring import LoadError, Vm, sizeof, unpack
from kring.btf.blob import Btf
from kring.btf.core import resolve
from kring.btf.ext import CoreKind, CoreReloc
from kring.btf.match import types_compatible, types_match
from kring.btf.spec import c_type
from kring.btf.types import Composite, Enum, Int, Kind, Member, Ptr
from kring.btf.write import Builder
from kring.decl.foreign import field_type_of
from kring.decl.struct import single
from kring.errors import ObjectError, VmError
from kring.obj.elf_read import from_elf
from kring.obj.elf_write import to_elf
from kring.obj.functions import split
from kring.obj.globals import variables
from kring.obj.object import Object
from kring.obj.relocate import missing, relocate

_MOST_RUN = 50_000
"""Instructions that are loaded in the VM, which makes a function of each."""
_ACCESSES = ("0", "0:0", "0:1", "1:0", "0:0:0", "0:2:1", "0:1:3")


@cache
def target() -> Btf:
    """A small kernel."""
    b = Builder()
    int_ = b.add(Int("int", 4, 32, signed=True))
    task = b.reserve()
    inner = b.add(Composite("", 8, (Member("tgid", int_, 0), Member("pid", int_, 32))))
    members = (Member("real_parent", b.add(Ptr(task)), 64), Member("", inner, 128))
    b.set(task, Composite("task_struct", 64, members))
    b.add(Composite("s", 4, (Member("a", int_, 0, 3), Member("b", int_, 3, 9))))
    b.add(Enum("a", 4, (("a", 1), ("b", 2))))
    return Btf(b.bytes(), where="target")


def use_elf(data: bytes, thorough: bool = True) -> str:
    """Read, relocated for a target, written and read again; run in the VM only if `thorough`."""
    try:
        obj = from_elf(data, "fuzz")
    except ObjectError:
        return "refused"
    with suppress(ObjectError):
        use_object(obj, thorough)
        return "used"
    return "read"


def use_object(obj: Object, thorough: bool) -> None:
    local = Btf(obj.btf) if obj.btf else None
    fds = {made.name: number for number, made in enumerate(obj.maps, 3)}
    for program in obj.programs:
        for types in (target(), local)[: 1 + thorough]:
            with suppress(ObjectError):
                relocate(program, fds, local, types, kfuncs=lambda ref: (ref.type_id, 0))
            with suppress(ObjectError):
                missing(program, local, types)
        with suppress(ObjectError):
            split(program)
    for name, variable in list(variables(obj).items())[:5]:
        with suppress(ObjectError):
            obj.replace(rodata={name: bytes(min(variable.size, 8))})
    if thorough and sum(program.slots for program in obj.programs) < _MOST_RUN:
        with suppress(ObjectError):
            use_in_vm(obj)
    again = from_elf(to_elf(obj), obj.name)
    # sections that had one name are one then, so that programs may come in another order
    assert sorted(one.name for one in again.programs) == sorted(one.name for one in obj.programs)


def use_in_vm(obj: Object) -> None:
    """Maps made and programs run for a few instructions, on the object's own types."""
    runtime = Vm(limit=300).open(obj)
    local = Btf(obj.btf) if obj.btf else None
    with suppress(LoadError, VmError):
        fds = {spec.name: runtime.create_map(spec).fd for spec in obj.maps}
        for program in obj.programs:
            code = relocate(program, fds, local, runtime.btf, kfuncs=runtime.kfunc)
            with suppress(LoadError, VmError):
                runtime.load(program, code).run(bytes(64))
    runtime.close()


def use_btf(data: bytes, thorough: bool = True) -> str:
    """Types looked at, and asked about from both sides; more of them if `thorough`."""
    try:
        btf = Btf(data, where="fuzz")
        count = len(btf)
    except ObjectError:
        return "refused"
    for id in range(min(count, 60 if thorough else 30)):
        for ask in (
            btf.__getitem__,
            btf.name,
            btf.kind,
            btf.size,
            btf.strip,
            lambda i: c_type(btf, i),
            lambda i: use_type(btf, i),
        ):
            with suppress(ObjectError):
                ask(id)
    for name in ("task_struct", "a", "x"):
        with suppress(ObjectError):
            btf.find_all(name, flavours=True)
        with suppress(ObjectError):
            btf.find(name, Kind.STRUCT)
    _use_core(btf, min(count, 24 if thorough else 8))
    with suppress(ObjectError):
        return _again(btf)
    return "read"


def use_type(btf: Btf, id: int) -> None:
    """Made a class, with a value read and written."""
    kind = field_type_of(btf, id)
    if btf.size(id) < 1 << 16:
        one = single("value", kind)
        value: Any = unpack(one, bytes(range(256)) * (sizeof(one) // 256 + 1))
        repr(value)
        with suppress(TypeError, ValueError):
            one(value=value.value)


def _use_core(btf: Btf, count: int) -> None:
    known = target()
    for id in range(count):
        for number in (id, id + 3, id * 5 + 1, id * 7 + 2):
            kind = CoreKind(number % len(CoreKind))
            access = _ACCESSES[(number // 3) % len(_ACCESSES)]
            with suppress(ObjectError):
                str(resolve(CoreReloc(0, id, access, kind), btf, known).reason)
            with suppress(ObjectError):
                str(resolve(CoreReloc(0, id % len(known), access, kind), known, btf).reason)
        other = (id * 7 + 3) % count
        with suppress(ObjectError):
            types_match(btf, id, btf, other)
        with suppress(ObjectError):
            types_compatible(btf, id, btf, other)


def _again(btf: Btf) -> str:
    """Written anew, the types are the same."""
    builder = Builder()
    for id in range(1, len(btf)):
        builder.reserve()
        builder.set(id, btf[id])
    assert list(Btf(builder.bytes())) == list(btf)
    return "used"
