"""A kernel that never was: the structs of `kernel_structs.py`, laid out in another way.

Fields are wider or narrower, at other places, behind anonymous members, in bit fields of other
units; enumerators have other values; `__state` is called `state`.
"""

from __future__ import annotations

from kring.btf.types import Array, Composite, Enum, Int, Member, Modifier, Ptr
from kring.btf.types import Kind as BtfKind
from kring.btf.write import Builder

Fields = list[tuple[str, int, int] | tuple[str, int, int, int]]
"""Name, type, offset in bytes; or for a bit field in bits, and its width."""


class Foreign:
    """Types being made; a struct named before it is defined gets an id of its own."""

    def __init__(self) -> None:
        self.types = Builder()
        self._ids: dict[str, int] = {}
        self.u8 = self.types.add(Int("unsigned char", 1, 8))
        self.u16 = self.types.add(Int("unsigned short", 2, 16))
        self.u32 = self.types.add(Int("unsigned int", 4, 32))
        self.u64 = self.types.add(Int("unsigned long", 8, 64))
        self.i16 = self.types.add(Int("short", 2, 16, signed=True))
        self.i32 = self.types.add(Int("int", 4, 32, signed=True))
        self.i64 = self.types.add(Int("long", 8, 64, signed=True))
        self.char = self.types.add(Int("char", 1, 8, signed=True))
        self.text = self.types.add(Ptr(self.types.add(Modifier(BtfKind.CONST, self.char))))
        self.void = self.types.add(Ptr(0))

    def named(self, name: str) -> int:
        if name not in self._ids:
            self._ids[name] = self.types.reserve()
        return self._ids[name]

    def to(self, name: str) -> int:
        return self.types.add(Ptr(self.named(name)))

    def array(self, element: int, count: int) -> int:
        return self.types.add(Array(element, self.u32, count))

    def define(self, name: str, size: int, fields: Fields, union: bool = False) -> None:
        members = sorted(map(member, fields), key=lambda one: one.bit_offset)
        made = Composite(name, size, tuple(members), union)
        self.types.set(self.named(name), made)

    def inside(self, size: int, fields: Fields, union: bool = False) -> int:
        """A struct or union without a name."""
        return self.types.add(Composite("", size, tuple(map(member, fields)), union))

    def enum(self, name: str, **values: int) -> None:
        self.types.add(Enum(name, 4, tuple(values.items())))


def member(field: tuple[str, int, int] | tuple[str, int, int, int]) -> Member:
    if len(field) == 4:
        return Member(field[0], field[1], field[2], field[3])
    return Member(field[0], field[1], field[2] * 8)


def foreign() -> bytes:
    f = Foreign()
    f.define("kuid_t", 8, [("val", f.u64, 0)])
    f.define("cred", 64, [("uid", f.named("kuid_t"), 40)])
    f.define("ns_common", 16, [("inum", f.u16, 6)])
    f.define("pid_namespace", 64, [("ns", f.named("ns_common"), 32)])
    f.define("nsproxy", 32, [("pid_ns_for_children", f.to("pid_namespace"), 24)])
    f.define("rlimit", 24, [("old", f.u64, 0), ("rlim_max", f.u64, 8), ("rlim_cur", f.u32, 16)])
    f.define("upid", 24, [("ns", f.void, 0), ("nr", f.i32, 16)])
    f.define("pid", 40, [("level", f.u16, 30), ("numbers", f.array(f.named("upid"), 0), 40)])
    f.enum("pid_type", PIDTYPE_SID=0, PIDTYPE_PGID=1, PIDTYPE_TGID=3, PIDTYPE_PID=2)
    flags = f.inside(
        16, [("a", f.u64, 0, 3), ("is_child_subreaper", f.u16, 77, 1), ("b", f.u16, 78, 1)]
    )
    f.define(
        "signal_struct",
        1024,
        [
            ("pids", f.array(f.to("pid"), 4), 8),
            ("", flags, 48),
            ("oom_score_adj", f.i16, 70),
            ("rlim", f.array(f.named("rlimit"), 16), 80),
        ],
    )
    f.define("qstr", 24, [("hash", f.u64, 0), ("name", f.text, 16)])
    name = f.inside(24, [("d_name", f.named("qstr"), 0), ("other", f.u64, 0)], union=True)
    f.define("dentry", 64, [("d_parent", f.to("dentry"), 0), ("", name, 16)])
    f.define("path", 16, [("dentry", f.to("dentry"), 0), ("mnt", f.void, 8)])
    f.define("file", 200, [("f_path", f.named("path"), 144)])
    f.define("fs_struct", 64, [("pwd", f.named("path"), 32)])
    space = f.inside(16, [("exe_file", f.to("file"), 0), ("arg_start", f.u64, 8)])
    f.define("mm_struct", 512, [("", f.inside(48, [("", space, 32)]), 256)])
    f.define(
        "task_struct",
        4096,
        [
            ("tgid", f.i32, 3000),
            ("mm", f.to("mm_struct"), 8),
            ("real_parent", f.to("task_struct"), 16),
            ("cred", f.to("cred"), 1000),
            ("nsproxy", f.to("nsproxy"), 1008),
            ("signal", f.to("signal_struct"), 1016),
            ("fs", f.to("fs_struct"), 1024),
            ("group_leader", f.to("task_struct"), 1040),
            ("state", f.i64, 1048),
            ("stack", f.void, 1056),
        ],
    )
    return f.types.bytes()
