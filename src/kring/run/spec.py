"""What kernel and VM ask of an object's specs, and refuse in the same words.

In: a program's or a map's spec. Out: what it says, or `LoadError`.
"""

from __future__ import annotations

from errno import EINVAL
from mmap import PAGESIZE

from kring.abi.programs import Kind, parse_section
from kring.abi.uapi import PER_CPU
from kring.errors import LoadError
from kring.obj.object import Map, Program
from kring.run.target import Hook
from kring.spelling import article, suggestion


def kind_of(program: Program) -> tuple[Kind, str]:
    """The program's kind and its target, from its section's name."""
    try:
        return parse_section(program.section)
    except KeyError:
        raise LoadError(
            f'program "{program.name}" is in section {program.section!r}, which names no kind of'
            f" program.{_meant(program.section)}"
        ) from None


def _meant(section: str) -> str:
    """` Did you mean …?` with the name that a section's name begins with, or that is most like
    it."""
    from kring.abi.sections import names

    known = names()
    begins = max((name for name in known if section.startswith(name)), key=len, default="")
    first = section.partition("/")[0]
    return suggestion(begins, [begins]) or suggestion(section, known) or suggestion(first, known)


_ASKS = {
    "interface": 'runs on a network interface: say which, as in `load(…, interface="lo")`',
    "cgroup": "runs for the tasks of a cgroup: say which, as in"
    ' `load(…, cgroup="/sys/fs/cgroup/user.slice")`',
    "socket": "runs for the packets of a socket: say which, as in"
    " `s.programs[{name}].attach(socket=sock)`",
    "frequency": "runs for samples: say how often, as in `s.programs[{name}].attach(frequency=99)`",
    "map": "runs for the sockets that are in a map: say which, as in"
    ' `s.programs[{name}].attach(map="sockets")`',
}


_IN_USER_SPACE = "uprobe", "uretprobe", "usdt"


def unknown_hook(program: Program, hook: Hook) -> str:
    """What attaching the program must still be told, as a sentence; empty if nothing."""
    kind, target = kind_of(program)
    if _is_known(kind, hook.target or target, hook):
        return ""
    name = f'"{program.name}"'
    if kind.needs == "target":
        if found := hook.target or target:
            return (
                f"{name}: {found!r} names no file: say which, as in"
                f' `s.programs[{name}].attach(target="libc.so.6:{found}")`'
            )
        return (
            f"{name}: section {program.section!r} names no {kind.name}: say which, as in"
            f" `s.programs[{name}].attach(target=…)`"
        )
    return f"{name} is {article(kind.name)} program, which {_ASKS[kind.needs].format(name=name)}"


def _is_known(kind: Kind, target: str, hook: Hook) -> bool:
    """Whether attaching a program of the kind needs no more than these say."""
    match kind.needs:
        case "":
            return True
        case "target" if kind.name.startswith(_IN_USER_SPACE):
            # One in user space is PATH:FUNCTION; many objects name the function, and find the file.
            return ":" in target
        case "target":
            return bool(target)
        case "frequency":
            return bool(target or hook.frequency or hook.period)
        case what:
            return bool(getattr(hook, what))


def ring_size(wanted: int) -> int:
    """The smallest size that a ring buffer can have, where pages are as large as here, of at least
    so many bytes."""
    return max(PAGESIZE, 1 << max(wanted - 1, 0).bit_length())


def check_ring_size(spec: Map) -> None:
    """Nothing, if a ring buffer can have this size where pages are as large as here."""
    size = spec.max_entries
    valid = ring_size(size)
    if size != valid:
        raise LoadError(
            f'ring buffer "{spec.name}": {size} bytes is not a power of two that fills whole'
            f" pages of {PAGESIZE} bytes; the next valid size is {valid}",
            EINVAL,
        )


def stride(spec: Map) -> int:
    """Bytes from one CPU's value to the next as the user half sees them; the value's size in a map
    that is not per CPU."""
    return (spec.value_size + 7) // 8 * 8 if spec.type in PER_CPU else spec.value_size


def check_length(spec: Map, what: str, data: bytes, size: int) -> None:
    """Nothing, if a key or value is as long as the map's are."""
    if len(data) != size:
        raise ValueError(f'map "{spec.name}": a {what} is {size} bytes, got {len(data)}')
