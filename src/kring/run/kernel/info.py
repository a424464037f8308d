"""What the kernel says of its maps, programs and links.

In: a descriptor. Out: the records of `run/info.py`.
"""

from __future__ import annotations

import os
import struct
import time
from typing import Final

from kring.abi.uapi import MapType, ProgType
from kring.errors import NotSupported
from kring.run.info import LinkInfo, MapInfo, ProgramInfo, ProgramStats
from kring.run.kernel import syscall
from kring.run.kernel.privilege import SYS_ADMIN, not_permitted
from kring.run.kernel.syscall import Buffer, Fds, address, bpf, bpf_open, buffer, failed

_MAP: Final = struct.Struct("<6I16s2I2Q3I4xQ")
"""struct bpf_map_info: type, id, sizes, entries, flags, name, device, types of the kernel's,
namespace, types, map_extra."""
_PROGRAM_SIZE: Final = 224
"""struct bpf_prog_info, as long as the numbers of its runs and steps; its parts below."""
_HEAD: Final = struct.Struct("<2I8s2I16xQ2I")
"""type, id, tag, sizes of machine code and bytecode, load_time, created_by_uid, nr_map_ids"""
_MAP_IDS: Final = struct.Struct("<IQ")
_MAP_IDS_OFFSET: Final = 52
_NAME: Final = struct.Struct("<16s4xI")
_NAME_OFFSET: Final = 64
_BTF_ID_OFFSET: Final = 128
_RUNS: Final = struct.Struct("<3QI")
"""run_time_ns, run_cnt, recursion_misses, verified_insns"""
_RUNS_OFFSET: Final = 192
_LINK: Final = struct.Struct("<3I")
_LINK_SIZE: Final = 64

_KINDS: Final = {"bpf-map": "map", "bpf-prog": "program", "bpf-link": "link"}

_BTF: Final = struct.Struct("<Q2I")
"""struct bpf_btf_info: where to put the types, how many bytes, their id."""
_BTF_GET_FD_BY_ID: Final = 19
_BPF_ENABLE_STATS: Final = 32
_BPF_STATS_RUN_TIME: Final = 0

# enum bpf_link_type
_LINKS: Final[tuple[str, ...]] = (
    "unspec", "raw_tracepoint", "tracing", "cgroup", "iter", "netns", "xdp", "perf_event",
    "kprobe_multi", "struct_ops", "netfilter", "tcx", "uprobe_multi", "netkit", "sockmap",
)  # fmt: skip


def kind_of_fd(fd: int) -> str:
    """`map`, `program` or `link`; empty for anything else."""
    name = os.readlink(f"/proc/self/fd/{fd}")
    # A link is a `bpf_link` where it was made, and a `bpf-link` where it was opened.
    return _KINDS.get(name.removeprefix("anon_inode:").replace("_", "-"), "")


def map_info(fd: int) -> MapInfo:
    """What the map behind a descriptor is.

    Raises: NotSupported for a kind of map that kring has no name for.
    """
    type, id, key, value, entries, flags, name, _, _, _, _, btf, key_type, value_type, extra = (
        _MAP.unpack(_ask(fd, _MAP.size))
    )
    try:
        kind = MapType(type)
    except ValueError:
        raise NotSupported(f"map {_text(name)!r} is of a kind ({type}) unknown to kring") from None
    said = _fdinfo(fd)
    memory, frozen = int(said.get("memlock", "0")), said.get("frozen") == "1"
    return MapInfo(
        id, _text(name), kind, key, value, entries, flags, memory, frozen,
        btf, key_type, value_type, extra,
    )  # fmt: skip


def program_info(fd: int, room: int = 64) -> ProgramInfo:
    """What the program behind a descriptor is; `room` is for the ids of its maps."""
    ids = buffer(4 * room)
    facts = _program(fd, room, address(ids))
    type, id, tag, jited, code, load_time, uid, count = _HEAD.unpack_from(facts)
    if count > room:
        return program_info(fd, count)
    name, gpl = _NAME.unpack_from(facts, _NAME_OFFSET)
    (btf_id,) = struct.unpack_from("<I", facts, _BTF_ID_OFFSET)
    *_, steps = _RUNS.unpack_from(facts, _RUNS_OFFSET)
    known = {int(kind): kind.name.lower() for kind in ProgType}
    boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    maps = struct.unpack_from(f"<{count}I", ids.raw)
    return ProgramInfo(
        id, _text(name), known.get(type, f"type {type}"), tag.hex(), code // 8,
        boot + load_time / 1e9, jited, maps, steps, btf_id, uid, bool(gpl & 1),
    )  # fmt: skip


def program_stats(fd: int) -> ProgramStats:
    """How often the program ran. Since: Linux 5.1; what it missed, 5.12."""
    time_ns, count, missed, _ = _RUNS.unpack_from(_program(fd), _RUNS_OFFSET)
    return ProgramStats(count, time_ns, missed)


def link_info(fd: int) -> LinkInfo:
    """What the link behind a descriptor is. Since: Linux 5.8."""
    type, id, program = _LINK.unpack_from(_ask(fd, _LINK_SIZE))
    words = dict(enumerate(_LINKS))
    return LinkInfo(id, words.get(type, f"type {type}"), program)


def btf_of(fds: Fds, id: int) -> bytes:
    """Types by their number, empty if they may not be seen. The descriptor belongs to `fds`."""
    if not id:
        return b""
    try:
        fd = bpf_open(fds, _BTF_GET_FD_BY_ID, struct.pack("<3I", id, 0, 0))
    except OSError:
        return b""
    _, size, *_ = _BTF.unpack(_ask(fd, _BTF.size))
    blob = buffer(size)
    _ask(fd, _BTF.pack(address(blob), size, 0))
    return blob.raw[:size]


def count_runs(fds: Fds) -> int:
    """A descriptor as long as which the kernel counts and times the runs of all programs.

    Raises: NotPermitted. Since: Linux 5.8, commit d46edd671a14 ("bpf: Sharing bpf runtime stats
    with BPF_ENABLE_STATS").
    """
    try:
        return bpf_open(fds, _BPF_ENABLE_STATS, struct.pack("<I", _BPF_STATS_RUN_TIME))
    except PermissionError as error:
        raise not_permitted(
            "counting the runs of programs", (SYS_ADMIN,), error.errno or 0
        ) from None


def _program(fd: int, room: int = 0, ids: int = 0) -> bytes:
    info = bytearray(_PROGRAM_SIZE)
    # What is asked for beyond plain numbers.
    _MAP_IDS.pack_into(info, _MAP_IDS_OFFSET, room, ids)
    return _ask(fd, bytes(info))


def _ask(fd: int, info: int | bytes) -> bytes:
    memory: Buffer = buffer(info)
    size = info if isinstance(info, int) else len(info)
    try:
        bpf(syscall.OBJ_GET_INFO_BY_FD, struct.pack("<2IQ", fd, size, address(memory)))
    except OSError as error:
        raise failed("asking the kernel about a descriptor", error) from None
    return memory.raw[:size]


def _text(name: bytes) -> str:
    return name.partition(b"\0")[0].decode(errors="replace")


def _fdinfo(fd: int) -> dict[str, str]:
    with open(f"/proc/self/fdinfo/{fd}") as file:
        rows = (line.partition(":") for line in file)
        return {name: value.strip() for name, _, value in rows}
