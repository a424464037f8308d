"""Programs connected to static probes of user space.

In: a program, and the places that the notes of a file tell. Out: a probe at each place, whose
cookie says which form the arguments have there. Programs made with libbpf's usdt.bpf.h look the
form up in a map of the object; those that kring compiles know the forms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from errno import E2BIG
from typing import TYPE_CHECKING

from kring.abi.usdt import SPECS, Site, forms, spec
from kring.errors import AttachError
from kring.run.kernel.binaries import find_file
from kring.run.kernel.notes import sites
from kring.run.kernel.probes import SOURCES, connect, no_file, open_event, source
from kring.run.kernel.syscall import address, buffer

if TYPE_CHECKING:
    from kring.run.kernel.attach import Request


def usdt(request: Request) -> None:
    """A probe at each place of a static one, in one process or in all."""
    try:
        found = sites(request.target)
        path = find_file(request.target.rsplit(":", 2)[0])
    except AttachError as error:
        raise no_file(request, error) from None
    numbers = _numbers(request, found)
    name = buffer(path.encode() + b"\0")
    type, _ = source(request, "uprobe")
    for site in found:
        config = site.semaphore << _counter_shift() if site.semaphore else 0
        event = open_event(request, type, config, address(name), site.offset)
        connect(request, event, numbers[site.arguments])


def _numbers(request: Request, found: Sequence[Site]) -> Mapping[str, int]:
    """What the program knows each form of the arguments by."""
    known = forms(found)
    if SPECS not in request.around.maps:
        return {form: number for number, form in enumerate(known)}
    return {form: _listed(request, spec(form)) for form in known}


def _listed(request: Request, row: bytes) -> int:
    """Where in the object's map of forms this one is; it is added if it is not there yet."""
    rows, live = request.around.forms, request.around.maps[SPECS]
    if row not in rows:
        if len(rows) == live.spec.max_entries:
            raise AttachError(
                f"{request.what()}: its arguments have more forms than the map {SPECS} takes,"
                f" {len(rows)}: `obj.replace(sizes={{{SPECS!r}: …}})` makes it larger",
                E2BIG,
            )
        live.update(len(rows).to_bytes(4, "little"), row)
        rows.append(row)
    return rows.index(row)


def _counter_shift() -> int:
    """Where in its config a probe has the place of its semaphore: `config:32-63`."""
    with open(f"{SOURCES}/uprobe/format/ref_ctr_offset") as file:
        return int(file.read().strip().removeprefix("config:").partition("-")[0])
