"""One program of a Lisp file → IR."""

from __future__ import annotations

from kring.decl.struct import sizeof
from kring.errors import CompileError
from kring.frontend.builder import Builder, Carried, WidenLoop
from kring.frontend.diagnose import combined, place, refuse
from kring.frontend.lisp import arithmetic, bindings, control, loops, maps, memory, rings, structs
from kring.frontend.lisp.expressions import body
from kring.frontend.lisp.finish import finish
from kring.frontend.lisp.recovery import Several
from kring.frontend.lisp.scope import Rebuild, Scope
from kring.frontend.lisp.unit import Defprog
from kring.frontend.module import Module, Separate
from kring.ir.check import unproven
from kring.ir.core import Fn, Space, Span, Type, Value

PARTS = arithmetic, bindings, control, loops, maps, memory, rings, structs
"""The modules whose forms every program may use; the others are imported when one is met."""


def compile_program(program: Defprog, module: Module) -> Fn:
    """The IR of one program; `module` is shared by the programs of a build.

    Raises: CompileError at the place in the source; it is in `module.errors` too.
    """
    module.maps.update(program.unit.maps.values())
    module.structs.update((one.__name__, one) for one in program.unit.structs.values())
    try:
        fn = _compile(program, module)
        module.notes |= program.unit.notes
        return fn
    except RecursionError:
        errors = [CompileError("the forms are nested too deep here", place(program.span))]
    except CompileError as error:
        errors = [error]
    except Several as several:
        errors = several.errors
    module.errors += errors
    raise combined(errors)


def _compile(program: Defprog, module: Module) -> Fn:
    """The IR of the first attempt that knew what the ones before it learned."""
    widened: set[Carried] = set()
    carried: dict[int, set[str]] = {}
    addressed: dict[str, bool] = {}
    guessing = True
    while True:
        separate = Separate(program.name, set(), set())
        b = Builder(program.name, module, program.span, widened, separate)
        b.parameter(Type(Space.CTX))
        guesses: dict[Value, str] | None = {} if guessing else None
        s = Scope(b, program.unit, program, carried, addressed, guesses)
        try:
            result = body(s, program.body)
        except WidenLoop as loop:
            widened.add(loop.key)
            continue
        except Rebuild:
            continue
        b.span = program.body[-1].span if program.body else program.span
        finish(s, result, b.span)
        if s.errors:
            raise Several(s.errors)
        if s.guesses:
            from kring.frontend.lisp.kernel import holds

            guessing = holds(s)
        if s.again or (s.guesses and not guessing):
            continue
        _note_records(s)
        _check_pointers(b.fn, program.span)
        return b.fn


def _check_pointers(fn: Fn, span: Span) -> None:
    """Refuse the use of a pointer that may be 0 there."""
    for pointer, user in unproven(fn):
        missing = (
            "a ring is full" if pointer.type.space is Space.RECORD else "a lookup found nothing"
        )
        refuse(
            user.span or span,
            f"the pointer may be 0 here, as where {missing}",
            "use it where a test found that it is not: `(when-let ((p …)) …)`",
        )


def _note_records(s: Scope) -> None:
    """The struct of each stream's records, where all are of one and as large as it is."""
    known = s.b.module.records
    for stream, pointer, size in s.records:
        struct = s.structs.get(pointer)
        if struct is not None and sizeof(struct) != size:
            struct = None
        known[stream] = struct if known.get(stream, struct) is struct else None
