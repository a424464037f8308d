"""The evaluator of macros: expressions and their values, expansions, and errors with two places."""

from __future__ import annotations

import pytest

from kring.frontend.lisp.forms import show
from kring.frontend.lisp.host import Host
from kring.frontend.lisp.reader import read

VALUES = """
(+ 1 2 3) => 6
(let ((x 1) (y 2)) `(a ,x ,@(list 1 2) ,(+ x y) . ,y)) => (a 1 1 2 3 . 2)
(let ((x 1)) `(a `(b ,(c ,x)))) => (a `(b ,(c 1)))
(labels ((ev (n) (if (= n 0) t (od (1- n)))) (od (n) (if (= n 0) nil (ev (1- n))))) (ev 10)) => t
(multiple-value-bind (a b) (floor -7 2) (list a b)) => (-4 1)
(destructuring-bind (a (b &rest c) &optional (d 3)) '(1 (2 3 4)) (list a b c d)) => (1 2 (3 4) 3)
(apply #'+ 1 2 '(3 4)) => 10
(intern (string-upcase "ab-c")) => ab-c
(symbol-name 'foo) => "FOO"
(member 2 '(1 2 3) :test #'=) => (2 3)
"""


def rows(text: str) -> list[tuple[str, str]]:
    pairs = [line.partition(" => ") for line in text.strip().splitlines()]
    return [(form, value) for form, _, value in pairs]


def evaluated(text: str) -> str:
    host, value = Host("x.lisp"), None
    for form, span in read(text, "x.lisp"):
        value = host.evaluate(form, span)
    return show(value)


@pytest.mark.parametrize(("text", "value"), rows(VALUES))
def test_a_form_has_its_value(text: str, value: str) -> None:
    assert evaluated(text) == value
