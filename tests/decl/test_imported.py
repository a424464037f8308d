"""Kernel structs as types in BTF have them: members by name, and what programs read of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from kring.btf.blob import Btf
from kring.btf.types import Array, Composite, Enum, Int, Kind, Member, Modifier, Ptr
from kring.btf.write import Builder
from kring.decl.imported import Imported, imported
from kring.decl.kernel import KernelEnum, KernelStruct, KernelUnion, enum_size
from kring.decl.types import ArrayType, Bits, Elements, Embedded, IntType

VMLINUX = Path("/sys/kernel/btf/vmlinux")


def everything() -> Imported:
    """A struct with a member of each kind."""
    types = Builder()
    u8, i32 = types.add(Int("unsigned char", 1, 8)), types.add(Int("int", 4, 32, signed=True))
    u64, wide = types.add(Int("long", 8, 64)), types.add(Int("__int128", 16, 128))
    inner = types.add(Composite("inner", 4, (Member("x", i32, 0),)))
    either = types.add(Composite("either", 4, (Member("y", i32, 0),), is_union=True))
    deep = types.add(Composite("", 4, (Member("deep", i32, 0),)))
    unnamed = types.add(Composite("", 4, (Member("", deep, 0),), is_union=True))
    typedef = types.add(Modifier(Kind.TYPEDEF, unnamed, "kuid_t"))
    user = types.add(Ptr(types.add(Modifier(Kind.TYPE_TAG, inner, "user"))))
    kept = types.add(Ptr(types.add(Modifier(Kind.CONST, inner))))
    members = [
        ("count", i32), ("bytes", types.add(Array(u8, i32, 16))), ("inside", inner),
        ("row", types.add(Array(inner, i32, 3))), ("choice", either), ("", unnamed),
        ("uid", typedef), ("kept", kept), ("user", user), ("raw", types.add(Ptr(0))),
        ("policy", types.add(Enum("policy", 4, (("A", 0),)))), ("wide", wide),
        ("tiny", types.add(Enum("tiny", 1, (("B", 0),)))),
    ]  # fmt: skip
    offsets = [Member(name, id, 256 * at) for at, (name, id) in enumerate(members)]
    offsets.append(Member("flag", u64, 256 * len(members) + 3, 5))
    offsets.append(Member("choosy", members[-1][1], 256 * len(members) + 16, 5))
    types.add(Composite("outer", 512, tuple(offsets)))
    found = imported(Btf(types.bytes()), "outer")
    assert found is not None
    return found


def test_each_member_is_what_programs_read_of_it() -> None:
    outer = everything()
    kinds = {name: outer.type(name) for name in outer.members}
    assert kinds["count"] == kinds["deep"] == IntType(4)
    assert kinds["bytes"] == ArrayType(IntType(1), 16)
    assert kinds["raw"] == kinds["user"] == IntType(8, pointer=True)
    assert kinds["flag"] == Bits(IntType(8), 5)
    assert kinds["wide"] is kinds["choosy"] is None
    match kinds["inside"], kinds["row"], kinds["choice"], kinds["uid"]:
        case (
            Embedded(type() as inside),
            Elements(Embedded(type() as element), 3),
            Embedded(type() as choice),
            Embedded(type() as uid),
        ):
            assert [one.__name__ for one in (inside, element, choice, uid)] == [
                "inner", "inner", "either", "kuid_t",
            ]  # fmt: skip
            assert issubclass(choice, KernelUnion)
        case other:
            pytest.fail(f"{other}")
    kept, policy, tiny = kinds["kept"], kinds["policy"], kinds["tiny"]
    assert isinstance(kept, type)
    assert isinstance(policy, type)
    assert (kept.__name__, policy.__name__) == ("inner", "policy")
    assert issubclass(kept, KernelStruct)
    assert isinstance(tiny, type)
    assert issubclass(policy, KernelEnum)
    assert issubclass(tiny, KernelEnum)
    assert (enum_size(policy), enum_size(tiny)) == (4, 1)


def test_a_name_that_is_not_there_is_none() -> None:
    assert imported(everything().btf, "nothing") is None


def test_a_typedef_stands_for_the_struct_it_names() -> None:
    found = imported(everything().btf, "kuid_t")
    assert found is not None
    assert (found.tag, list(found.members)) == ("union", ["deep"])


@pytest.mark.kernel
def test_every_member_of_the_kernels_own_task_is_known() -> None:
    if not VMLINUX.exists():
        pytest.skip("this kernel publishes no types")
    task = imported(Btf(VMLINUX.read_bytes()), "task_struct")
    assert task is not None
    assert {"pid", "tgid", "comm", "real_parent", "se", "sched_reset_on_fork"} <= set(task.members)
    assert [name for name in task.members if task.type(name) is None] == []
