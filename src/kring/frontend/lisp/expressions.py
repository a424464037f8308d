"""Lisp forms → IR: what a form is worth, what it does, where a condition leads.

In:  an operand. Out: `value`, its 64 bits; `effect`, nothing but what it does; `condition`, which
     ends the path at one of two joins; `constant`, an integer that is known while compiling.
Rule: a list is built by the row of its head in `FORMS`, else by one that the file made, else after
      the expansion of its macro, else as the call of a helper. Meanwhile `s.b.span` is its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import TypeVar

from kring.abi.helpers import HELPERS
from kring.errors import CompileError
from kring.frontend.builder import Join
from kring.frontend.diagnose import refuse
from kring.frontend.lisp.constants import SIZES
from kring.frontend.lisp.forms import Cell, Operand, Symbol, head, lisp_name, operands, show
from kring.frontend.lisp.headers import LIBRARY
from kring.frontend.lisp.recovery import attempt
from kring.frontend.lisp.scope import MOST_EXPANSIONS, Place, Rule, Scope, check_count
from kring.frontend.lisp.variables import constant_of, read, variable, write
from kring.frontend.streams import count_drop
from kring.frontend.values import Mixed, Num
from kring.ir.core import MASK, Span, Value, number
from kring.spelling import suggestion

T = TypeVar("T")

FORMS: dict[str, Rule] = {}
"""The forms of the language."""
LATER: dict[str, str] = {
    "asm": "kring.frontend.lisp.asm",
    **dict.fromkeys(
        ("kernel-load", "core-load", "core-store", "core-ctx-load", "ld-btf-id"),
        "kring.frontend.lisp.core",
    ),
    **dict.fromkeys(
        ("do-user-ptrs", "do-user-array", "user-load"), "kring.frontend.lisp.user_memory"
    ),
    **dict.fromkeys(
        ("ctx", "ctx-load", "ctx-store", "ctx-ptr", "pt-regs-ret", "xdp-data", "xdp-data-end",
         "tc-data", "tc-data-end", *(f"pt-regs-parm{at}" for at in range(1, 7))),
        "kring.frontend.lisp.context",
    ),
    "tail-call": "kring.frontend.lisp.helpers",
}  # fmt: skip
"""Forms whose rows are in a module that is imported when the first of them is met."""
CONDITIONS: dict[str, Callable[[Scope, list[Operand], Join, Join], None]] = {}
"""Forms that part the paths by themselves."""

_RESULT = "<value>"
"""A variable no source can name, for what several paths bring to one place."""


def value(s: Scope, arg: Operand) -> Value:
    """What the form is worth; 0 where no path leads to it."""
    outer, s.b.span = s.b.span, arg.span
    found = _value(s, arg) if s.b.block is not None else None
    s.b.span = outer
    return found or s.b.const(0)


def _value(s: Scope, arg: Operand) -> Value | None:
    match arg.form:
        case None:
            return s.b.const(0)
        case int(number):
            return literal(s, number, arg.span)
        case Symbol():
            return _named(s, arg.form, arg.span)
        case Cell():
            if (rule := _rule(s, arg)) is not None:
                return _built(s, rule.build, _operands(rule, arg))
            return _expanded(s, arg, lambda expansion: value(s, expansion))
        case str():
            refuse(
                arg.span,
                "a program has no strings",
                "they stand in options such as :section, and in the arguments of a few helpers",
            )


def optional(s: Scope, args: list[Operand], default: int = 0) -> Value:
    """The value of the first operand, if it was not left out."""
    return value(s, args[0]) if args else s.b.const(default)


def effect(s: Scope, arg: Operand) -> None:
    """Build what the form does; its value is not asked for."""
    if s.b.block is None:
        return
    rule = _rule(s, arg) if isinstance(arg.form, Cell) else None
    if not isinstance(arg.form, Cell) or (rule is not None and rule.effect is None):
        value(s, arg)
    elif rule is None:
        _expanded(s, arg, lambda expansion: effect(s, expansion))
    else:
        assert rule.effect is not None
        outer, s.b.span = s.b.span, arg.span
        _built(s, rule.effect, _operands(rule, arg))
        s.b.span = outer


def _operands(rule: Rule, arg: Operand) -> list[Operand]:
    """The operands of a form, of which there are as many as its rule wants."""
    assert isinstance(arg.form, Cell)
    args = operands(arg.form.cdr, arg.span)
    check_count(head(arg.form), rule.usage, args, arg.span)
    return args


def _built(s: Scope, build: Callable[[Scope, list[Operand]], T], args: list[Operand]) -> T | None:
    """What a rule makes of its operands; None where one of them left the program, and the rule
    finds that it has no values to go on with."""
    try:
        return build(s, args)
    except CompileError:
        if s.b.block is not None:
            raise
        return None


def condition(s: Scope, arg: Operand, then: Join, otherwise: Join) -> None:
    """Go to `then` if the form's value is not 0, else to `otherwise`."""
    if s.b.block is None:
        return
    outer, s.b.span = s.b.span, arg.span
    part = CONDITIONS.get(head(arg.form))
    if part is not None:
        part(s, _operands(FORMS[head(arg.form)], arg), then, otherwise)
    elif isinstance(arg.form, Cell) and _rule(s, arg) is None:
        _expanded(s, arg, lambda expansion: condition(s, expansion, then, otherwise))
    else:
        branch(s, value(s, arg), then, otherwise)
    s.b.span = outer


def branch(s: Scope, found: Value, then: Join, otherwise: Join) -> None:
    """Part the paths by a value; one that leads to a record says where there is none."""
    b = s.b
    token = s.tokens.get(found)
    if token is None or token not in b.held - b.forgiven:
        b.branch(found, then, otherwise)
        return
    missing = b.join()
    b.branch(found, then, missing)
    b.enter(missing)
    if b.block is not None:
        b.held -= {token}
        count_drop(b, token.declaration, token.stream)
    b.jump(otherwise)


def constant(s: Scope, arg: Operand, what: str, *cures: str) -> int:
    """The form's value, which must be known while compiling; `what` names it in the error."""
    found = number(value(s, arg))
    if found is None:
        unknown = f"{what} must be known while compiling; {show(arg.form)} is not"
        refuse(arg.span, unknown, *cures)
    return found


def body(s: Scope, forms: list[Operand]) -> Value:
    """The value of the last of some forms, after the effects of the others."""
    effects(s, forms[:-1])
    found = attempt(s, lambda: value(s, forms[-1])) if forms else None
    return s.b.const(0) if found is None else found


def effects(s: Scope, forms: list[Operand]) -> None:
    for form in forms:
        attempt(s, partial(effect, s, form))


def give(s: Scope, result: Value, join: Join, way: Callable[[], str] | None = None) -> None:
    """End the path at a join, with what it brings there; `way` says which one it is."""
    if s.b.block is not None:
        s.b.env[_RESULT] = Num(result, signed=False)
        s.b.jump(join, way)


def taken(s: Scope, join: Join) -> Value:
    """Go on where paths meet, with what they brought."""
    b = s.b
    b.enter(join)
    found = b.env.pop(_RESULT, None) if b.block is not None else None
    match found:
        case Num(result):
            return result
        case Mixed(one, other):
            refuse(b.span, f"this is {one} on one path and {other} on another")
        case _:
            return b.const(0)


def literal(s: Scope, number: int, span: Span) -> Value:
    """A number as it is written, in 64 bits."""
    if not -(1 << 63) <= number <= MASK:
        refuse(span, f"{number} does not fit in 64 bits")
    return s.b.const(number)


def type_name(arg: Operand) -> str:
    """The name of a type of numbers."""
    name = arg.form.name if isinstance(arg.form, Symbol) else ""
    if name not in SIZES:
        refuse(arg.span, f"{show(arg.form)} is no type of numbers", f"there are: {' '.join(SIZES)}")
    return name


def size_of(arg: Operand) -> int:
    """The bytes of a type of numbers, by its name."""
    return SIZES[type_name(arg)]


def place(s: Scope, arg: Operand) -> Place:
    """Where to write, its operands evaluated."""
    match arg.form:
        case Symbol() as symbol:
            name = variable(s, symbol, arg.span)

            return Place(lambda: read(s, symbol, name, arg.span), partial(write, s, name))
        case Cell():
            rule = _rule(s, arg)
            if rule is None:
                return _expanded(s, arg, lambda expansion: place(s, expansion))
            if rule.place is not None:
                outer, s.b.span = s.b.span, arg.span
                found = _built(s, rule.place, _operands(rule, arg))
                s.b.span = outer
                return found or _nowhere(s)
        case _:
            pass  # neither a variable nor a form
    refuse(
        arg.span,
        f"{show(arg.form)} is no place to write to",
        "places are variables, fields `(NAME-FIELD pointer)`, `(ctx FIELD)` and `(getmap map key)`",
    )


def _nowhere(s: Scope) -> Place:
    """A place to which no path leads."""
    return Place(lambda: s.b.const(0), lambda _: None)


def _named(s: Scope, symbol: Symbol, span: Span) -> Value:
    if (known := constant_of(s, symbol)) is not None:
        return literal(s, known, span)
    if symbol not in s.names and symbol.name in s.unit.values:
        return s.unit.values[symbol.name](s)
    if symbol.name == "t":
        refuse(span, "t is no value: it stands for the last resort of `cond` and `case`", "write 1")
    if symbol.name.startswith(":"):
        refuse(span, f"{symbol} names an option, and is no value")
    return read(s, symbol, variable(s, symbol, span), span)


# Forms


def _rule(s: Scope, arg: Operand) -> Rule | None:
    """The row for a list; None if it is the use of a macro."""
    form = arg.form
    assert isinstance(form, Cell)
    if not isinstance(form.car, Symbol):
        refuse(arg.span, f"a form begins with its name; this begins with {show(form.car)}")
    name = form.car.name
    if name in LATER and name not in FORMS:
        import_module(LATER[name])
    rule = FORMS.get(name) or s.unit.forms.get(name)
    if rule is not None:
        return rule
    if s.unit.host.is_macro(name):
        return None
    if name in LIBRARY:
        from kring.frontend.lisp.packets import ROWS

        return ROWS[name]
    if (helper := HELPERS.get(name.replace("-", "_"))) is not None:
        from kring.frontend.lisp.helpers import rule_of

        return rule_of(helper, name)
    at = Operand(form.car, form.at or arg.span)
    helpers = [lisp_name(one) for one in HELPERS]
    known = [*FORMS, *LATER, *LIBRARY, *s.unit.forms, *s.unit.host.macros(), *helpers]
    hint = "" if s.unit.host.knows(name) else suggestion(name, known, quote="")
    refuse(
        at.span,
        f"{name} is no form of the language, no macro and no helper.{hint}".rstrip("."),
        *_cures(s, name),
    )


def _cures(s: Scope, name: str) -> Iterator[str]:
    """What may be missing where a form is not known."""
    if s.unit.host.knows(name):
        yield _COMPUTED
    if name in SIZES:
        yield f"a type is no form: `(x {name} 0)` binds a variable of it, `(cast {name} e)` cuts"
    if name.startswith("bpf-"):
        yield "helpers have no bpf- here; kfuncs, functions of the kernel, are not called by Lisp"
    if name.startswith("tp-"):
        yield f"declare a tracepoint's fields: `(deftracepoint CATEGORY/EVENT {name[3:]})`"
    for owner in s.unit.imports:
        if name.startswith(f"{owner}-"):
            field = name.removeprefix(f"{owner}-")
            yield f"import a field to use it: `(import-kernel-struct {owner} … {field})`"


_COMPUTED = "programs are compiled, not evaluated: compute with it in a macro"


def _expanded(s: Scope, arg: Operand, go: Callable[[Operand], T]) -> T:
    """What comes of the expansion of a macro's use; errors in it say where it was used."""
    unit = s.unit
    if len(unit.uses) >= MOST_EXPANSIONS:
        refuse(arg.span, f"{head(arg.form)} expands into itself without an end")
    unit.uses.append(arg)
    try:
        expansion = unit.expand(arg)
        return go(expansion)
    except CompileError as error:
        raise unit.used(error, arg) from None
    finally:
        unit.uses.pop()
