"""The evaluator of macros: expressions and their values, expansions, and errors with two places."""

from __future__ import annotations

import contextlib
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import kring
from kring.errors import CompileError
from kring.frontend.lisp.forms import Cell, Form, elements, head, listed, operands, show, symbol
from kring.frontend.lisp.host import Host, machine
from kring.frontend.lisp.reader import read
from kring.ir.core import Span

TABLE = Path(__file__).with_name("values.lisp")


def rows(text: str) -> list[tuple[str, str]]:
    """The forms of the table, and the value of each."""
    starts = [0, *(at + 1 for at, letter in enumerate(text) if letter == "\n")]
    written = [
        text[starts[s.line - 1] + s.column - 1 : starts[s.end_line - 1] + s.end_column - 1]
        for _, s in read(text, "values.lisp")
    ]
    assert set(written[1::3]) == {"=>"}
    return list(zip(written[::3], written[2::3], strict=True))


def evaluated(text: str) -> str:
    host, value = Host("x.lisp"), None
    for form, span in read(text, "x.lisp"):
        value = host.evaluate(form, span)
    return show(value)


ROWS = rows(TABLE.read_text())


@pytest.mark.parametrize(("text", "value"), ROWS, ids=[text[:60] for text, _ in ROWS])
def test_a_form_has_its_value(text: str, value: str) -> None:
    if value == "!!":
        with pytest.raises(CompileError):
            evaluated(text)
    else:
        assert evaluated(text) == show(read(value, "x.lisp")[0].form)


@pytest.mark.peer
def test_the_table_is_true_of_another_lisp(tmp_path: Path) -> None:
    """The same forms, evaluated and written by SBCL."""
    sbcl = shutil.which("sbcl")
    if sbcl is None:
        pytest.skip("there is no sbcl")
    forms = "\n".join(f"(show-value '{text})" for text, _ in ROWS)
    script = tmp_path / "table.lisp"
    script.write_text(f"{SHOW_VALUE}\n{forms}\n")
    done = subprocess.run(
        [sbcl, "--script", str(script)], capture_output=True, text=True, check=True, timeout=60
    )
    shown = [part.strip() for part in done.stdout.split("\x1f")[1:]]
    assert len(shown) == len(ROWS)
    for (text, value), other in zip(ROWS, shown, strict=True):
        expected = value if value == "!!" else show(read(value, "x.lisp")[0].form)
        again = other if other == "!!" else show(read(other, "x.lisp")[0].form)
        assert again == expected, text


SHOW_VALUE = """
(defun show-value (form)
  (format t "~a~a" (code-char 31)
    (handler-case (let ((value (handler-bind ((warning #'muffle-warning)) (eval form))))
                    (let ((*print-case* :downcase) (*print-pretty* nil))
                      (prin1-to-string value)))
      (error () "!!"))))
"""


ENDLESS = [
    "(loop)",
    "(loop (list 1 2))",
    "(dotimes (i (expt 2 60)))",
    "(do () (nil))",
    "(let ((x '(1))) (loop (setf x (append x x))))",
    "(let ((x \"a\")) (loop (setf x (concatenate 'string x x))))",
    "(let ((x 3)) (loop (setf x (* x x))))",
    "(expt 10 (expt 10 10))",
    "(ash 1 10000000000)",
    "(make-list 1000000000)",
    "(let ((s (make-string 1000000))) (loop collect (string-upcase s)))",
    "(let ((s (make-string 1000000))) (loop collect (reverse (subseq s 1))))",
    "(let ((n (ash 1 4000))) (loop collect (+ n 1)))",
    "(let ((s (make-string 1000))) (loop collect (format nil \"~a~a\" s s)))",
    "(make-string 1000000000)",
    "(format nil \"~1000000000d\" 1)",
    "(format nil \"~v%\" (expt 10 12))",
    "(labels ((f (n) (f (1+ n)))) (f 0))",
    "(labels ((f (n) (mapcar #'f (list n)))) (f 0))",
    "(labels ((f (n) (sort (list n 1) (lambda (a b) (f a))))) (f 0))",
    "(labels ((f () (handler-case (f) (error () 1)))) (f))",
    "(handler-case (loop) (error () 1))",
    "(ignore-errors (labels ((f () (+ 1 (f)))) (f)))",
    "(let ((x nil)) (dotimes (i 60) (setf x (list x x))) (format nil \"~a\" x))",
    "(let ((x nil)) (dotimes (i 60) (setf x (list x x))) (list 'quote x))",
    "(let ((x nil)) (dotimes (i 30000) (setf x (list x))) (princ-to-string x))",
    "(let ((x nil)) (dotimes (i 30000) (setf x (list 'quote x))) (eval x))",
    "(defmacro m () '(m)) (macroexpand '(m))",
    "(defmacro m () '(m)) (m)",
    "(loop for x = 1 then (* x 2) collect x)",
    "(defun f (l) (let ((a 1)) (cond ((null l) 1) (t (if a (list (let* ((b 2)) (f l)))))))) (f 1)",
    "(let ((x 1)) (dotimes (i 20000) (setf x `(eval ',x))) (eval x))",
    "(defmacro m (x) (m x)) (m 1)",
    "(defun f (n) (reduce (function f) (list n n))) (f 1)",
    "(let ((s \"~?\")) (defun g () (format nil \"~a\" (g)))) (g)",
    "(reduce #'+ (loop repeat 400000 collect 1) :key (lambda (x) (* x x)))",
]  # fmt: skip


@pytest.mark.parametrize("text", ENDLESS)
def test_what_takes_too_much_is_an_error(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kring.frontend.lisp.host.STEPS", 150_000)
    with pytest.raises(CompileError):
        evaluated(text)


def test_a_loop_without_an_end_is_one_error_after_a_million_steps() -> None:
    with pytest.raises(CompileError, match="this takes over 1,000,000 steps"):
        evaluated("(let ((n 0)) (loop (incf n)))")


def test_a_failure_of_pythons_is_nobodys_to_see() -> None:
    """After the deepest recursion the limit is as before, and the next evaluation starts anew."""
    before = sys.getrecursionlimit()
    host = Host("x.lisp")
    for text in ENDLESS[:1] + ENDLESS[13:14]:
        ((form, span),) = read(text, "x.lisp")
        with pytest.raises(CompileError):
            host.evaluate(form, span)
    assert sys.getrecursionlimit() == before
    ((form, span),) = read("(loop repeat 1000 sum 1)", "x.lisp")
    assert host.evaluate(form, span) == 1000


def expanded(text: str) -> Cell:
    host, forms = Host("x.lisp"), read(text, "x.lisp")
    for form, span in forms[:-1]:
        host.evaluate(form, span)
    last = forms[-1].form
    assert isinstance(last, Cell)
    made = host.expand(last)
    assert isinstance(made, Cell)
    return made


def lines(form: Form, span: Span) -> list[tuple[str, int]]:
    """The atoms of a form, and on which line each stands."""
    found: list[tuple[str, int]] = []
    for part, at in operands(form, span):
        found += lines(part, at) if isinstance(part, Cell) else [(show(part), at.line)]
    return found


def test_a_template_keeps_its_places_and_the_users_forms_keep_theirs() -> None:
    made = expanded(
        "(defmacro m (a (b) &body body)\n `(x ,a\n   (y ,b) ,@body\n  ,@body z))\n"
        "(m one\n (two)\n  (three)\n four)"
    )
    assert made.span is not None
    assert made.span.line == 2
    assert lines(made, made.span) == [
        ("x", 2), ("one", 5), ("y", 3), ("two", 6), ("three", 7), ("four", 8), ("three", 7),
        ("four", 8), ("z", 4),
    ]  # fmt: skip


def test_the_users_forms_are_not_changed() -> None:
    host = Host("x.lisp")
    forms = read("(defmacro m (&body b) `(a ,@b ,@(reverse b) c))\n(m 1 (2) 3)", "x.lisp")
    host.evaluate(*forms[0])
    use = forms[1].form
    assert isinstance(use, Cell)
    assert show(host.expand(use)) == show(host.expand(use)) == "(a 1 (2) 3 3 (2) 1 c)"
    assert show(use) == "(m 1 (2) 3)"


def test_constants_are_integers_of_the_file() -> None:
    host = Host("x.lisp")
    host.define(symbol("xdp_pass"), 2, True)
    for form, span in read(
        "(defconstant +a+ (* 2 xdp_pass)) (defparameter *b* '(1)) (defvar *c* -7)", "x.lisp"
    ):
        host.evaluate(form, span)
    names = ["xdp_pass", "+a+", "*b*", "*c*", "d"]
    assert [host.constant(symbol(name)) for name in names] == [2, 4, None, -7, None]


def test_definitions_of_the_language_may_be_computed() -> None:
    host, found = Host("x.lisp"), list[str]()

    def define(form: Cell, span: Span) -> bool:
        found.append(show(form))
        return head(form) == "defthing"

    host.define_elsewhere(define)
    ((form, span),) = read("(dolist (n '(a b)) (eval `(defthing ,n)))", "x.lisp")
    host.evaluate(form, span)
    assert found == ["(defthing a)", "(defthing b)"]


def test_changed_forms_fail_with_errors_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms of the table with parts of others put in, and texts with odd characters."""
    monkeypatch.setattr("kring.frontend.lisp.host.STEPS", 2000)
    chance = random.Random(5)
    forms = [form for form, _ in read(TABLE.read_text(), "values.lisp")][::3]
    parts = [part for form in forms for part in parts_of(form)]
    for _ in range(600):
        form = changed(chance.choice(forms), parts, chance)
        with contextlib.suppress(CompileError):
            Host("x.lisp").evaluate(form, Span("x.lisp", 1, 1, 1, 1))
        text = show(form)
        for _ in range(3):
            at = chance.randrange(len(text) + 1)
            text = text[:at] + chance.choice("()'\"`,@#|\\.;:+-0 ") + text[at:]
        with contextlib.suppress(CompileError):
            read(text, "x.lisp")


def parts_of(form: Form) -> list[Form]:
    return [form, *(part for one in elements(form) for part in parts_of(one))]


def changed(form: Form, parts: list[Form], chance: random.Random) -> Form:
    if chance.random() < 0.05:
        return chance.choice(parts)
    if not isinstance(form, Cell):
        return form
    inner = [changed(one, parts, chance) for one in elements(form)]
    if chance.random() < 0.05:
        inner.insert(chance.randrange(len(inner) + 1), chance.choice(parts))
    if chance.random() < 0.05:
        inner.pop()
    return listed(inner)


def test_every_name_is_found_where_it_is_said_to_be() -> None:
    early = {*machine.SPECIAL, *machine.FUNCTIONS} - {*machine.LATER}
    assert all(machine.available(name) for name in machine.LATER)
    assert {*machine.SPECIAL, *machine.FUNCTIONS} == {*machine.LATER} | early
    assert {*machine.LATER} <= {*machine.SPECIAL, *machine.FUNCTIONS}
    assert "let" in early
    assert len(early) < 40


PAIRS = [
    (
        """(defmacro with-count ((name map key) &body body)
             (let ((p (gensym "P")))
               `(let ((,p (map-lookup ,map ,key)))
                  (when ,p (let ((,name (load u64 ,p))) ,@body)))))
           (defprog p (:type :xdp) (with-count (n m 0) (return (+ n 1))) 7)""",
        """(defprog p (:type :xdp)
             (let ((q (map-lookup m 0))) (when q (let ((n (load u64 q))) (return (+ n 1)))))
             7)""",
    ),
    (
        """(defmacro define-checks (&rest names)
             `(progn ,@(mapcar
                 (lambda (spec)
                   (destructuring-bind (name value &key (op '=)) spec
                     `(defmacro ,(intern (format nil "IS-~a" name)) (form &body body)
                        `(when (,',op ,form ,',value) ,@body))))
                 names)))
           (define-checks (tcp 6) (low 1024 :op <))
           (defprog p (:type :xdp)
             (is-tcp (ctx rx-queue-index) (return 1))
             (is-low (ctx rx-queue-index) (return 2))
             3)""",
        """(defprog p (:type :xdp)
             (when (= (ctx rx-queue-index) 6) (return 1))
             (when (< (ctx rx-queue-index) 1024) (return 2))
             3)""",
    ),
    (
        """(defconstant +steps+ '((1 10) (2 20) (3 30)))
           (defun table (form steps)
             (if (null steps) 0
               `(if (= ,form ,(caar steps)) ,(cadar steps) ,(table form (cdr steps)))))
           (defmacro step-of (form) (table form +steps+))
           (defprog p (:type :xdp)
             (let ((q (ctx rx-queue-index))) (step-of q)))""",
        """(defprog p (:type :xdp)
             (let ((q (ctx rx-queue-index)))
               (if (= q 1) 10 (if (= q 2) 20 (if (= q 3) 30 0)))))""",
    ),
    (
        """(defmacro unrolled ((var n) &body body)
             `(progn ,@(loop for i below n collect `(let ((,var ,i)) ,@body))))
           (defprog p (:type :xdp)
             (let ((sum 0))
               (unrolled (i 3) (setf sum (+ sum (* i (ctx rx-queue-index)))))
               sum))""",
        """(defprog p (:type :xdp)
             (let ((sum 0))
               (setf sum (+ sum (* 0 (ctx rx-queue-index))))
               (setf sum (+ sum (* 1 (ctx rx-queue-index))))
               (setf sum (+ sum (* 2 (ctx rx-queue-index))))
               sum))""",
    ),
    (
        """(dolist (name '(p))
             (eval `(defprog ,name (:type :xdp) ,(* #.(+ 2 1) (length '(a b))))))""",
        "(defprog p (:type :xdp) 6)",
    ),
]


@pytest.mark.parametrize(("macros", "plain"), PAIRS)
def test_a_macro_compiles_to_what_it_stands_for(
    macros: str, plain: str, tmp_path: Path
) -> None:
    codes: list[bytes] = []
    for name, text in (("macros", macros), ("plain", plain)):
        path = tmp_path / f"{name}.lisp"
        head = "(defmap m :type :array :key-size 4 :value-size 8 :max-entries 1)\n"
        path.write_text(head + text)
        (program,) = kring.open(path).programs
        codes.append(program.code)
    assert codes[0] == codes[1]


def test_what_macros_print_is_told_at_its_place() -> None:
    host, told = Host("x.lisp"), list[str]()
    host.tell(lambda span, text: told.append(f"{span.line}:{span.column}: {text}"))
    text = '(defun f (x)\n (print x) (terpri) (format t "~a~%" x) (warn "w ~d" x))\n(f 5)'
    for form, span in read(text, "x.lisp"):
        host.evaluate(form, span)
    assert told == ["2:2: 5", "2:21: 5", "2:41: w 5"]
