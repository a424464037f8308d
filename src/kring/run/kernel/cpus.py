"""The CPUs of this machine, from sysfs: numbers can have holes, and CPUs can be offline."""

from __future__ import annotations

from collections.abc import Iterator

_POSSIBLE = "/sys/devices/system/cpu/possible"
_ONLINE = "/sys/devices/system/cpu/online"


def parse_list(text: str) -> Iterator[int]:
    """The numbers of a list like `0-3,5`."""
    for part in filter(None, text.strip().split(",")):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def parse_cpus(text: str) -> int:
    """How many CPU ids the list `0-3,8` leaves room for: its highest plus one."""
    return max(parse_list(text)) + 1


def possible_cpus() -> int:
    """The number of values a per-CPU map keeps per key."""
    with open(_POSSIBLE) as file:
        return parse_cpus(file.read())


def online_cpus() -> list[int]:
    """The ids of the CPUs that are online."""
    with open(_ONLINE) as file:
        return list(parse_list(file.read()))
