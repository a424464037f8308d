"""An object brought to life: its maps made and filled, its programs relocated and loaded.

In: an `Object` and a runtime for it. Out: live maps and programs by name; attaching is another's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kring.abi.uapi import MapType
from kring.btf.blob import Btf
from kring.errors import AttachError, LoadError, VerifierError
from kring.obj.object import Map, Object, Program
from kring.obj.relocate import relocate
from kring.record import replace
from kring.run.spec import ring_size
from kring.run.target import LiveMap, LiveProgram, Runtime
from kring.run.told import tell

_RINGS = (MapType.RINGBUF, MapType.USER_RINGBUF)

_NO_ADDRESS = "failed to find the address for kernel symbol"
"""What the verifier says of a variable that only the kernel's types know."""

Placed = Callable[[AttachError, str], AttachError]
"""Adds to an error where a program of this name comes from."""


def bring_up(
    obj: Object, runtime: Runtime, placed: Placed
) -> tuple[dict[str, LiveMap], dict[str, LiveProgram]]:
    """The object's live maps, those it does not leave out, and the programs it does.

    Raises: LoadError and its kinds, ObjectError.
    """
    maps = {spec.name: runtime.create_map(_rounded(spec)) for spec in obj.maps if spec.autocreate}
    for outer, spec in _holding(obj, maps):
        if spec.type is not MapType.PROG_ARRAY:
            fds = {name: live.fd for name, live in maps.items()}
            _fill(outer, spec, fds, "map")
    programs = dict(_load(obj, runtime, maps, placed))
    for outer, spec in _holding(obj, maps):
        if spec.type is MapType.PROG_ARRAY:
            fds = {name: live.fd for name, live in programs.items()}
            _fill(outer, spec, fds, "program")
    return maps, programs


def _rounded(spec: Map) -> Map:
    """The map, and what it holds, of a size that a ring can have; one without a size is for others
    to refuse."""
    if spec.inner is not None:
        return replace(spec, inner=_rounded(spec.inner))
    wanted = spec.max_entries
    if spec.type not in _RINGS or wanted in (0, ring_size(wanted)):
        return spec
    size = ring_size(spec.max_entries)
    tell(
        f'ring buffer "{spec.name}" has {size} bytes, not {spec.max_entries}: a power of two that '
        "fills whole pages"
    )
    return replace(spec, max_entries=size)


def _holding(obj: Object, maps: dict[str, LiveMap]) -> Iterator[tuple[LiveMap, Map]]:
    """The maps that hold others, or programs, from the beginning."""
    for spec in obj.maps:
        if spec.values and spec.name in maps and spec.type is not MapType.STRUCT_OPS:
            yield maps[spec.name], spec


def _fill(live: LiveMap, spec: Map, fds: dict[str, int], what: str) -> None:
    """Put in what is there; what was left out on purpose leaves its place empty."""
    for key, name in spec.values:
        if name in fds:
            if not live.update(key.to_bytes(4, "little"), fds[name].to_bytes(4, "little")):
                raise LoadError(
                    f"map {spec.name!r} has no place {key} for {what} {name!r}: it has "
                    f"{spec.max_entries} entries"
                )


def _load(
    obj: Object, runtime: Runtime, maps: dict[str, LiveMap], placed: Placed
) -> Iterator[tuple[str, LiveProgram]]:
    local = Btf(obj.btf, where=obj.name) if obj.btf else None
    fds: dict[str, int | None] = {
        spec.name: maps[spec.name].fd if spec.name in maps else None for spec in obj.maps
    }
    left_out = _members(obj, False) - _members(obj, True)
    for program in obj.programs:
        if not program.autoload or program.name in left_out:
            continue
        target = runtime.btf if program.core else None
        try:
            code = relocate(
                program, fds, local, target, runtime.tracepoint, runtime.kfunc, runtime.ksym
            )
            yield program.name, runtime.load(program, code)
        except VerifierError as error:
            raise _explained(error, program, local, target, runtime, fds) from None
        except AttachError as error:
            raise placed(error, program.name) from None


def _members(obj: Object, created: bool) -> set[str]:
    """The programs that are members of structs which are created, or of those which are not."""
    structs = [map for map in obj.maps if map.type is MapType.STRUCT_OPS]
    return {name for map in structs if map.autocreate == created for _, name in map.values}


def _explained(
    error: VerifierError,
    program: Program,
    local: Btf | None,
    target: Btf | None,
    runtime: Runtime,
    fds: dict[str, int | None],
) -> LoadError:
    """The error in terms of the source if what the program asks for is not in this kernel."""
    from kring.obj.misfit import misfits
    from kring.obj.references import absent
    from kring.run.kernel.verdict import caret, line_of

    lacking = absent(program, fds, runtime.kfunc)
    for slot, reason in misfits(program, local, target, runtime.tracepoint, error.log, lacking):
        line = line_of(program, slot)
        if line is None:
            return LoadError(f'program "{program.name}" at slot {slot}: {reason}')
        place = f"{line.file}:{line.line}:{line.column}: "
        return LoadError("\n".join([f"{place}{reason}", *caret(line)]))
    if _NO_ADDRESS in error.log:
        error.add_note("  a kernel without CONFIG_KALLSYMS_ALL knows no addresses of variables")
    return error
