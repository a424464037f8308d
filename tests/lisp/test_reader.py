"""Lisp text → forms, their places, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kring.errors import CompileError
from kring.frontend.lisp.forms import Cell, Char, Form, Symbol, elements, listed, show, symbol
from kring.frontend.lisp.reader import read

READ = [
    ("42 -5 +5 7.", "42 -5 5 7"),
    ("#xff #xFF #b-101 #o17 #36rzz", "255 255 -5 15 1295"),
    ("Foo BAR 1+ - ... a#b <=", None),
    ("(a . b) (a b . c) (a . (b . (c . ())))", "(a . b) (a b . c) (a b c)"),
    ("nil () NIL", "nil nil nil"),
    ("'a '(a b) `(a ,b ,@c) #'car", "'a '(a b) `(a ,b ,@c) #'car"),
    ("`(a `(b ,(c ,d)))", "`(a `(b ,(c ,d)))"),
    ("cl:car whistler::x #:whistler :Key", "car x whistler :key"),
    ("|Foo Bar| a\\ b |a|b :|x y|", "|foo bar| |a b| ab :|x y|"),
    (r'"a\"b\\c" ""', r'"a\"b\\c" ""'),
    (r"#\a #\( #\Space #\newline #\; (#\a)", r"#\a #\( #\Space #\Newline #\; (#\a)"),
    ("a ; b\nc #| d #| e |# f |# g", "a c g"),
    ("#!/usr/bin/env kring\n(a)", "(a)"),
    ("\ufeff(a)", "(a)"),
    ("#+kring a #-kring b #+sbcl (1.5 #(x) #p\"y\" #<z>) #-sbcl c", "a c"),
    ("#+(and linux (not sbcl)) a #+(or sbcl ccl) b #-(or) c (d #+nope e)", "a c (d)"),
    ("#.(+ 1 2) (a #.(* 2 3))", "3 (a 6)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "shown"), [row for row in READ if row[1]])
def test_a_text_is_read(text: str, shown: str) -> None:
    assert " ".join(show(form) for form, _ in read(text, "x.lisp")) == shown


def test_names_that_look_like_numbers() -> None:
    found = [form for form, _ in read("1+ 1- + - 1a -x 3-way +name+ a.b", "x.lisp")]
    assert all(isinstance(form, Symbol) for form in found)


PLACED = [
    ("(a b)", "1:1-1:6"),
    ("\n  abc", "2:3-2:6"),
    ("(a\n (b))", "1:1-2:6"),
    ("'abc", "1:1-1:5"),
    ('"é" x', "1:1-1:5"),
    ("#| é\n é |# x", "2:8-2:9"),
]


@pytest.mark.parametrize(("text", "place"), PLACED)
def test_a_form_has_its_place(text: str, place: str) -> None:
    """Lines from 1, columns from 1 in bytes, the end exclusive."""
    (_, line, column, end_line, end_column), *_ = [span for _, span in read(text, "x.lisp")]
    assert f"{line}:{column}-{end_line}:{end_column}" == place


def test_cells_know_their_elements_places() -> None:
    ((form, _),) = read("(a (b c)\n  d)", "x.lisp")
    assert isinstance(form, Cell)
    places = []
    rest: Form = form
    while isinstance(rest, Cell):
        assert rest.at is not None
        places.append((rest.at.line, rest.at.column, rest.span is not None))
        rest = rest.cdr
    assert places == [(1, 2, True), (1, 4, False), (2, 3, False)]
    inner = list(elements(form))[1]
    assert isinstance(inner, Cell)
    assert inner.span is not None
    assert inner.span.column == 4


REFUSED = [
    ("(a (b)", "1: this parenthesis is never closed"),
    ("(a\n (b", "2: this parenthesis is never closed"),
    ("(a\n(b)\n(c)", "1: this parenthesis is never closed; the form on line 2 begins"),
    ("(a)\n)", "2: this parenthesis closes nothing"),
    ('(a\n "b)', "2: this string never ends"),
    ("a\n#| b #| c |#", "2: this comment never ends"),
    ("|ab", "1: this name never ends"),
    ("a\\", "1: a backslash stands before nothing"),
    ("1.5", "1: 1.5 is a floating-point number"),
    ("-.5e3", "1: -.5e3 is a floating-point number"),
    ("1/2", "1: 1/2 is a ratio"),
    ("0x10", "1: 0x10 is no number; write `#x10`"),
    ("#xyz", "1: #xyz is no number"),
    ("#b12", "1: #b12 is no number"),
    ("(. a)", "1: a dot stands alone"),
    ("(a .)", "1: a dot stands alone"),
    ("a . b", "1: a dot stands alone"),
    ("(a . b c)", "1: behind a dot, one form ends the list"),
    (",a", "1: a comma stands outside of all backquotes"),
    ("`(a ,(b ,c))", "1: a comma stands outside of all backquotes"),
    ("(a ')", "1: behind ' there is no form"),
    ("#'", "1: behind #' there is no form"),
    ("#(1 2", "1: this parenthesis"),
    ("#1=(a)", "1: #1= cannot be read"),
    ("#<x>", "1: #< cannot be read"),
    ("#\\nope", "1: no character is called nope"),
    ("a:", "1: a: is no name"),
    (":", "1: : is no name"),
    ("#+", "1: a feature is missing"),
    ("(#+sbcl)", "1: a form is missing"),
    ('#+"x" a', '1: "x" is no feature'),
    ("(" * 300, "1: forms are nested over 200 deep"),
    ("9" * 5000, "1: an integer of 5000 digits"),
    ("#.(car 1)", "1: 1 is not a list"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_a_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(CompileError) as caught:
        read(text, "x.lisp")
    said = f"{caught.value.lineno}: {'; '.join([caught.value.msg, *caught.value.notes])}"
    assert said.startswith(message)


NAMES = st.text("abcxyz0123456789-+*/<>=!?.:|\\ ()'\"é;,", min_size=1, max_size=6)
ATOMS = st.one_of(
    st.integers(-(1 << 70), 1 << 70),
    st.text(max_size=5),
    st.sampled_from("ab( ;\n").map(Char),
    NAMES.filter(lambda name: name != "nil").map(lambda name: symbol(name.strip(":") or "x")),
    st.sampled_from(["a", "b-c", "x y", "12"]).map(lambda name: symbol(f":{name}")),
    st.none(),
)
FORMS = st.recursive(
    ATOMS,
    lambda inner: st.builds(
        lambda items, tail: listed(items, tail=tail), st.lists(inner, max_size=4), ATOMS
    ),
    max_leaves=12,
)


@given(FORMS)
def test_what_is_shown_is_read_again(form: Form) -> None:
    ((again, _),) = read(show(form), "x.lisp")
    assert alike(again, form)


def alike(one: Form, other: Form) -> bool:
    if isinstance(one, Cell) and isinstance(other, Cell):
        return alike(one.car, other.car) and alike(one.cdr, other.cdr)
    if isinstance(one, (int, str)):
        return type(one) is type(other) and one == other
    return one is other
