"""What a running system knows of live maps, programs and links: plain facts, taken once.

In: nothing. Out: the records that `.info()` and `.stats()` give.
"""

from __future__ import annotations

from kring.abi.uapi import MapType
from kring.record import record


@record
class MapInfo:
    """A live map. `id` is its number in the kernel, which ends with it; `memory` the bytes it is
    charged for, 0 where nobody says; `btf_id` the number of its types, 0 if it has none."""

    id: int
    name: str
    type: MapType
    key_size: int
    value_size: int
    max_entries: int
    flags: int = 0
    memory: int = 0
    frozen: bool = False
    btf_id: int = 0
    key_type: int = 0
    value_type: int = 0
    map_extra: int = 0


@record
class ProgramInfo:
    """A loaded program. `type` is the kernel's word for its kind, `tag` a hash of its code, in hex;
    `loaded` when it was loaded, in seconds as `time.time()` counts; `jited_size` the bytes of its
    machine code, 0 if it has none; `maps` the ids of those it uses; `uid` who loaded it."""

    id: int
    name: str
    type: str
    tag: str
    slots: int
    loaded: float = 0.0
    jited_size: int = 0
    maps: tuple[int, ...] = ()
    insns_processed: int = 0
    btf_id: int = 0
    uid: int = 0
    gpl: bool = True


@record
class ProgramStats:
    """How often a program ran and for how long in all, while somebody had runs counted
    (`kring.statistics()`), and how often it was skipped because it was running already, which is
    always counted."""

    run_count: int = 0
    run_time_ns: int = 0
    missed: int = 0


@record
class LinkInfo:
    """An attached program: the link's id, the kernel's word for its kind, its program's id."""

    id: int
    type: str
    program: int
