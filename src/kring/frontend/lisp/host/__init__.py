"""What is computed while a file is compiled: its macros, functions, constants and options.

In:  forms of the file. Out: what macros' uses stand for, and the values of constants and options.
Rule: `Host` is all that the compiler sees; each of its evaluations is bounded in steps and memory,
      and its errors are at the place in the file, with that of the macro's use.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from kring.frontend.diagnose import refuse
from kring.frontend.lisp.forms import Cell, Form, Symbol, head
from kring.frontend.lisp.host import definitions, quasiquote, special
from kring.frontend.lisp.host.data import Datum, Exhausted, Failure, Leave, TooDeep, brief
from kring.frontend.lisp.host.machine import DEEPEST, LATER, STEPS, Machine, available
from kring.frontend.lisp.host.patterns import Misfit
from kring.ir.core import Span

__all__ = ["Host", "definitions", "quasiquote", "special"]

_FRAMES = 40_000
"""Calls of Python within each other, of which one in the file takes ten to forty."""
_BIGGEST = 50_000
"""Elements of what is computed for the compiler."""
_DEEPEST = 200
"""Lists within lists of it."""


class Host:
    """The names that a file defines for its macros, and the evaluation of its forms."""

    def __init__(self, file: str) -> None:
        self.machine = Machine()
        self.machine.here = Span(file, 1, 1, 1, 1)
        self.running = False

    # Names

    def is_macro(self, name: str) -> bool:
        """Whether the file defines a macro of that name."""
        return name in self.machine.macros

    def macros(self) -> Iterator[str]:
        """The names of the file's macros."""
        return iter(self.machine.macros)

    def knows(self, name: str) -> bool:
        """Whether a form of that name can be evaluated here."""
        return self.machine.defined(name) is not None or available(name)

    def constant(self, symbol: Symbol) -> int | None:
        """The value of a constant or variable of the file, if it is an integer."""
        value: Datum = self.machine.variables.get(symbol)
        return value if value.__class__ is int else None

    def define(self, symbol: Symbol, value: Form, constant: bool = False) -> None:
        """Give a name a value."""
        self.machine.variables[symbol] = value
        if constant:
            self.machine.constants[symbol] = _NOWHERE
        else:
            self.machine.special.add(symbol)

    def define_elsewhere(self, define: Callable[[Cell, Span], bool]) -> None:
        """Let `define` take in definitions that an evaluation comes to; it says which it did."""
        self.machine.elsewhere = define

    def measure(self, size: Callable[[Cell, Span], int]) -> None:
        """Let `size` say what a `(sizeof STRUCT)` is worth."""
        self.machine.size = size

    def tell(self, note: Callable[[Span, str], None]) -> None:
        """Let `note` say what evaluations print, to the author of the file."""
        self.machine.tell = note

    # Evaluation

    def evaluate(self, form: Form, span: Span) -> Form:
        """What a form is worth outside of all others.

        Raises: CompileError at the form inside of it that fails.
        """
        machine = self.machine

        def run() -> Datum:
            value = machine.evaluate(form, machine.top)
            if isinstance(value, Cell) and not nested:
                _measured(value, "the value of this", span)
            return value

        nested = self.running
        value = self._run(run, span)
        found: Form = value if isinstance(value, (int, str, Symbol, Cell)) else None
        return found

    def define_macro(self, form: Cell) -> None:
        """Take in a `defmacro`."""
        self.evaluate(form, form.span or self.machine.here)

    def expand(self, form: Cell) -> Form:
        """What the use of a macro stands for, expanded once.

        Raises: CompileError at the place in the macro, or at its use if that is wrong.
        """
        name = head(form)
        expand = self.machine.macros[name].expand
        assert expand is not None
        what, use = f"the expansion of {name}", form.span or self.machine.here
        made: Form = self._run(lambda: _program(expand(form), what, use), use, use)
        return made

    def defined_at(self, name: str) -> Span | None:
        """Where a macro is defined."""
        return self.machine.macros[name].span

    def _run(self, run: Callable[[], Datum], span: Span, use: Span | None = None) -> Datum:
        """The result of an evaluation; what fails in it is an error at its place in the file.

        `use` is that of the macro's use that this is the expansion of.
        """
        machine, before, deepest = self.machine, self.machine.here, sys.getrecursionlimit()
        machine.here, nested = span, self.running
        if not nested:
            machine.steps, machine.depth, self.running = STEPS, 0, True
            sys.setrecursionlimit(max(deepest, _FRAMES))
        try:
            return run()
        except Failure as failure:
            misused = use if failure.said or isinstance(failure, Misfit) else None
            at = failure.span or (misused or machine.here)
            refuse(at, failure.message, *failure.notes)
        except Exhausted:
            taken = f"this takes over {STEPS:,} steps"
            refuse(machine.here, taken, "does a loop or a function here not come to an end?")
        except TooDeep as deep:
            name = deep.args[0]
            refuse(machine.here, f"{name} is called over {DEEPEST:,} deep", "does it call itself?")
        except RecursionError:
            refuse(machine.here, "forms are nested too deep here")
        except Leave:
            refuse(machine.here, "this leaves a block that was left before")
        finally:
            machine.here, self.running = before, nested
            if not nested:
                sys.setrecursionlimit(deepest)


def _program(made: Datum, what: str, span: Span) -> Datum:
    """What was computed, if it is a form that can be compiled."""
    strange = _measured(made, what, span)
    if strange is not None:
        parts = "a program is made of lists, names and numbers"
        raise Failure(f"{what} contains {brief(strange)}", parts, span=span)
    return made


def _measured(made: Datum, what: str, span: Span) -> Datum:
    """Something in what was computed that is no form, if there is; fails if that has no end."""
    count, strange = 0, None
    rest = [(made, 0)]
    while rest:
        form, depth = rest.pop()
        while isinstance(form, Cell):
            count += 1
            rest.append((form.car, depth + 1))
            form = form.cdr
        if form is not None and not isinstance(form, (int, str, Symbol)):
            strange = form
        if count > _BIGGEST:
            raise Failure(f"{what} has over {_BIGGEST:,} elements", span=span)
        if depth > _DEEPEST:
            raise Failure(f"{what} has lists nested over {_DEEPEST} deep", span=span)
    return strange


_NOWHERE = Span("", 0, 0, 0, 0)


_MODULES = {
    "lists": "append nconc revappend nreconc nth nthcdr last butlast nbutlast make-list list* "
    "copy-list copy-tree copy-alist tailp member assoc rassoc getf adjoin union intersection "
    "set-difference acons pairlis first second third fourth fifth sixth seventh eighth ninth tenth "
    "car cdr rest cons list",
    "calling": "mapcar mapc mapcan maplist mapl mapcon funcall apply values values-list identity "
    "constantly complement",
    "predicates": "eq eql equal equalp not null endp consp atom listp symbolp keywordp",
    "numbers": "+ * - / logand logior logxor lognot logcount logbitp logtest integer-length ash "
    "mod rem floor ceiling truncate round expt isqrt gcd lcm min max abs signum 1+ 1- = < <= > >= "
    "/= zerop plusp minusp evenp oddp integerp numberp",
    "strings": "string string-upcase string-downcase string-capitalize intern find-symbol "
    "symbol-name make-symbol gensym char schar char-code char-int code-char character "
    "parse-integer string= string/= string< string> string<= string>= string-equal "
    "string-not-equal string-lessp string-greaterp char= char/= char< char> char<= char>= "
    "char-equal string-trim string-left-trim string-right-trim make-string stringp characterp "
    "digit-char-p alpha-char-p alphanumericp upper-case-p lower-case-p char-upcase char-downcase",
    "sequences": "length list-length reverse nreverse copy-seq subseq elt aref svref concatenate "
    "coerce search mismatch remove-duplicates delete-duplicates sort stable-sort reduce some every "
    "notany notevery map",
    "searching": "find find-if find-if-not position position-if position-if-not count count-if "
    "count-if-not remove remove-if remove-if-not delete delete-if delete-if-not substitute "
    "substitute-if substitute-if-not",
    "places": "setf setq psetf psetq incf decf push pushnew pop rotatef remf multiple-value-setq",
    "loops": "dolist dotimes do do*",
    "looping": "loop",
    "tables": "make-hash-table gethash remhash clrhash hash-table-count maphash hash-table-keys "
    "hash-table-values hash-table-alist hash-table-p get",
    "failures": "assert check-type typecase etypecase handler-case ignore-errors unwind-protect "
    "error warn cerror typep",
    "formatting": "format",
    "printing": "princ-to-string prin1-to-string write-to-string with-output-to-string princ prin1 "
    "print write-string write-line write-char terpri",
    "meta": "with-gensyms with-unique-names eval macroexpand macroexpand-1 macro-function boundp "
    "fboundp constantp functionp symbol-value symbol-function fdefinition",
}
"""The functions and special forms that each module of this package adds when it is needed."""

LATER.update({name: module for module, names in _MODULES.items() for name in names.split()})
