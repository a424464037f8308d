"""The passes, in order, and the loop that runs them.

In: a checked function. Out: the same function, changed in place, checked after every pass.

| pass    | before      | because                                                            |
|---------|-------------|--------------------------------------------------------------------|
| cfg     | fold        | a parameter with one argument is a value, and values fold          |
| fold    | demand      | a mask or a comparison counts only if its constant is on the right |
| fold    | address     | distances are one constant after folding                           |
| fold    | facts       | branches ask for values, not for their comparison with 0           |
| fold    | ranges      | bounds are constants after folding                                 |
| loads   | guards      | tests of one field are tests of one value                          |
| loads   | early       | a field is read once                                               |
| ranges  | cursors     | a cursor becomes an address once nobody asks for its bounds        |
| fold    | sink        | equal operations look equal                                        |
| address | loads       | a place is one pointer and an offset                               |
| address | forward     | a piece of memory is one pointer and an offset                     |
| forward | stores      | a store whose loads are gone may be dead                           |
| cse     | dce         | what was merged leaves operands unused                             |
| loads   | temporaries | keys made of one field are keys of one value                       |
| stores  | dce         | stack that only dead stores touched is unused                      |
| all     | carry       | of the tests that are left, some are for the verifier's sake       |
| all     | words       | it stores what others ask for in other pieces                      |
| all     | layout      | it orders the blocks that are left                                 |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kring.errors import InternalError
from kring.ir.check import check, check_one
from kring.ir.core import Fn
from kring.ir.passes.address import address
from kring.ir.passes.carry import carry
from kring.ir.passes.cfg import cfg
from kring.ir.passes.cse import cse
from kring.ir.passes.cursors import cursors
from kring.ir.passes.dce import dce
from kring.ir.passes.demand import demand
from kring.ir.passes.early import early
from kring.ir.passes.facts import facts
from kring.ir.passes.fold import fold
from kring.ir.passes.forward import forward
from kring.ir.passes.guards import guards
from kring.ir.passes.layout import layout
from kring.ir.passes.loads import loads
from kring.ir.passes.ranges import ranges
from kring.ir.passes.sink import sink
from kring.ir.passes.stores import stores
from kring.ir.passes.temporaries import temporaries
from kring.ir.passes.words import words

Pass = Callable[[Fn], bool]

PASSES: tuple[tuple[str, Pass], ...] = (
    ("cfg", cfg),
    ("fold", fold),
    ("guards", guards),
    ("facts", facts),
    ("ranges", ranges),
    ("cursors", cursors),
    ("sink", sink),
    ("cse", cse),
    ("address", address),
    ("loads", loads),
    ("early", early),
    ("forward", forward),
    ("demand", demand),
    ("stores", stores),
    ("temporaries", temporaries),
    ("dce", dce),
)
"""Run in turn until none of them changes anything; each tells whether it did."""

ONCE: tuple[str, Pass] = ("carry", carry)
"""Run when they are done; they have another turn if it changes anything."""
LAST: tuple[tuple[str, Pass], ...] = (("words", words), ("dce", dce), ("layout", layout))
"""Run at the end, once."""

_ROUNDS = 8
"""Enough for every program seen; a bound, so that passes undoing each other still end."""


def optimise(fn: Fn, dump: Callable[[str, Fn], None] | None = None) -> None:
    """The function and its callees made smaller in place; `dump` sees the function after each
    pass that changed it or one of them.

    Raises: InternalError if a pass broke the function; the message names the pass.
    """

    def ran(name: str, run: Pass) -> bool:
        """Whether the pass changed the function; one that did not is not checked again."""
        if not run(one):
            return False
        _check_after(one, fn.callees, name)
        if dump is not None:
            dump(name, fn)
        return True

    def settle() -> None:
        unchanged = 0
        for _ in range(_ROUNDS):
            for name, run in PASSES:
                if unchanged < len(PASSES):
                    unchanged = 0 if ran(name, run) else unchanged + 1

    check(fn)
    for one in (fn, *fn.callees.values()):
        settle()
        if ran(*ONCE):
            settle()
        for name, run in LAST:
            ran(name, run)
        _check_after(one, fn.callees, LAST[-1][0])


def _check_after(fn: Fn, callees: Mapping[str, Fn], name: str) -> None:
    try:
        check_one(fn, callees)
    except InternalError as error:
        error.add_note(f"after the pass {name}")
        raise
