"""Facts of the running kernel as the values of an object's settings.

In: a map with settings, the object's types, and what is known of each by name, as the kernel's
configuration spells it (`y`, `250`, `"text"`) or a number. Out: the map with its value filled in.

See: tools/lib/bpf/libbpf.c, bpf_object__read_kconfig_file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kring.btf.blob import Btf
from kring.btf.types import Array, Enum, Int
from kring.errors import LoadError
from kring.obj.object import Map, Setting
from kring.record import replace

_CHOICES: Final = {"n": 0, "y": 1, "m": 2}
"""enum libbpf_tristate."""
TRISTATE: Final = "libbpf_tristate"


def filled(map: Map, btf: Btf, known: Callable[[str], str | int | None], where: str) -> Map:
    """The map with the value of each setting; weak ones of which nothing is known are 0.

    Raises: LoadError for others that are missing, naming them and `where` they were looked for, and
    for what does not fit its type.
    """
    data = bytearray(map.data or b"")
    lost: list[str] = []
    for setting in [one for one in map.settings if not one.given]:
        found = known(setting.name)
        if found is not None:
            value = _bytes(btf, setting, found)
            data[setting.offset : setting.offset + len(value)] = value
        elif not setting.weak:
            lost.append(setting.name)
    if lost:
        names = ", ".join(lost)
        raise LoadError(f"nothing is known of {names}: {where}. One declared __weak is then 0")
    return replace(map, data=bytes(data))


def _bytes(btf: Btf, setting: Setting, found: str | int) -> bytes:
    type = btf[btf.strip(setting.type_id)]
    match type, found:
        case Array(count=count), str() if found[:1] == '"':
            # what is too long is cut, as libbpf does
            return _unquoted(found).encode()[: count - 1].ljust(count, b"\0")
        case Enum(name=name, size=size), str() if name == TRISTATE and found in _CHOICES:
            return _CHOICES[found].to_bytes(size, "little")
        case Int(bool=True, size=size), _ if found in ("n", "y", 0, 1):
            return _CHOICES.get(str(found), int(found == 1)).to_bytes(size, "little")
        case Int(size=1, bool=False), str() if found in _CHOICES:
            return found.encode()
        case Int(bool=False) as number, _ if (value := _number(found)) is not None:
            return _integer(setting.name, number, value)
        case _:
            raise LoadError(f"{setting.name} is {found} here, {_cure(found)}")


def _unquoted(text: str) -> str:
    return text[1:].removesuffix('"').replace('\\"', '"').replace("\\\\", "\\")


def _number(found: str | int) -> int | None:
    try:
        return int(found, 0) if isinstance(found, str) else found
    except ValueError:
        return None


def _integer(name: str, type: Int, value: int) -> bytes:
    bits = type.size * 8
    low, high = (-(1 << bits - 1), 1 << bits - 1) if type.signed else (0, 1 << bits)
    if not low <= value < high:
        raise LoadError(f"{name} is {value} here, which its type of {type.size} bytes cannot hold")
    return value.to_bytes(type.size, "little", signed=type.signed)


def _cure(found: str | int) -> str:
    """How what was found is declared."""
    if isinstance(found, str) and found[:1] == '"':
        return "a text: declare it as an array of char"
    if found in ("y", "n"):
        return "declare it bool, enum libbpf_tristate or char"
    if found == "m":
        return "a module: declare it enum libbpf_tristate or char"
    return "a number: declare it as an integer"
