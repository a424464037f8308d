"""Functions the checker refuses, and those only nullness decides about."""

from __future__ import annotations

import pytest

from kring.errors import AsmError, InternalError
from kring.ir.check import check
from kring.ir.core import Edge, Op
from kring.ir.passes import optimise
from kring.ir.text import parse_fn, print_fn

REFUSED = {
    "v3 may not have been computed": """
        b0:
          br v0 b1 b2
        b1:
          v3: i64 = const 1
          jump b2
        b2:
          ret v3""",
    "v2 may not have been computed": """
        b0:
          v1: i64 = add v2 v2
          v2: i64 = const 1
          ret v1""",
    "is unreachable": """
        b0:
          ret v0
        b1:
          ret v0""",
    "leads back to the entry": """
        b0:
          jump b0(v0)""",
    "1 arguments, b1 has 0": """
        b0:
          jump b1(v0)
        b1:
          ret v0""",
    "1 operands, wanted 2": """
        b0:
          v1: i64 = add v0
          ret v1""",
    "immediate None": """
        b0:
          v1: i64 = load v0
          ret v1""",
    "a load of 3 bytes": """
        b0:
          v1: ptr.stack = stack 8
          v2: i64 = load v1 [+0 u24]
          ret v2""",
    "an atomic access to 2 bytes": """
        b0:
          v1: ptr.value = global "count"
          atomic_add v1 [+0 u16] v0
          ret v0""",
    "immediate Mem": """
        b0:
          v1: ptr.stack = stack 8
          v2: i64 = load v1 [+40000 u8]
          ret v2""",
    "no memory behind i64": """
        b0:
          v1: i64 = load v0 [+0 u8]
          ret v1""",
    "no memory behind ptr.kernel": """
        b0:
          v1: ptr.kernel = call "get_current_task"
          v2: i64 = load v1 [+0 u8]
          ret v2""",
    "a store to kernel memory": """
        b0:
          v1: ptr.btf = call "get_current_task_btf"
          store v1 [+0 u8] v0
          ret v0""",
    "no swap of 24 bits": """
        b0:
          v1: i64 = bswap 24 v0
          ret v1""",
    "2 arguments, wanted map size int": """
        b0:
          v1: ptr.map = map "events"
          v2: ptr.record? = call "ringbuf_reserve" v1 v0
          ret v0""",
    "wanted ptr.map": """
        b0:
          v2: ptr.record? = call "ringbuf_reserve" v0 v0 v0
          ret v0""",
    "wanted memory": """
        b0:
          v2: i64 = call "get_current_comm" v0 v0
          ret v0""",
    "a pointer stands left": """
        b0:
          v1: ptr.stack = stack 8
          v2: ptr.stack = add v0 v1
          ret v0""",
    "ptr.stack plus a number is no ptr.value": """
        b0:
          v1: ptr.stack = stack 8
          v2: ptr.value = add v1 v0
          ret v0""",
    "v1 is ptr.stack, v2 is i64": """
        b0:
          v1: ptr.stack = stack 8
          jump b1(v1)
        b1(v2: i64):
          ret v2""",
}

LOOKUP = """
  v1: ptr.map = map "counts"
  v2: ptr.stack = stack 8
  store v2 [+0 u64] v0
  v3: ptr.value? = call "map_lookup_elem" v1 v2
  v4: i64 = const 0
"""


def function(body: str) -> str:
    return f"fn f(v0: i64) {{{body}\n}}\n"


@pytest.mark.parametrize("why", REFUSED)
def test_refused_with_the_value_shown(why: str) -> None:
    fn = parse_fn(function(REFUSED[why]))
    with pytest.raises(InternalError) as caught:
        check(fn)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("rest", "fine"),
    [
        ("v5: i64 = load v3 [+0 u64]\n ret v5", False),
        ("br v3 b1 b2\nb1: v5: i64 = load v3 [+0 u64]\n ret v5\nb2: ret v4", True),
        ("br v3 b2 b1\nb1: v5: i64 = load v3 [+0 u64]\n ret v5\nb2: ret v4", False),
        ("v6: i64 = ne v3 v4 br v6 b1 b2\nb1: v5: i64 = load v3 [+0 u64] ret v5\nb2: ret v4", True),
        ("v6: i64 = eq v3 v4 br v6 b2 b1\nb1: v5: i64 = load v3 [+0 u64] ret v5\nb2: ret v4", True),
        (
            "v6: i64 = eq v3 v4 br v6 b1 b2\nb1: v5: i64 = load v3 [+0 u64] ret v5\nb2: ret v4",
            False,
        ),
        ("br v3 b1 b2\nb2: jump b1\nb1: v5: i64 = load v3 [+0 u64] ret v5", False),
        # A loop that starts where the pointer was found not null stays there.
        ("br v3 b1 b2\nb1: v5: i64 = load v3 [+0 u64] br v5 b1 b2\nb2: ret v4", True),
        # The edge that proves it may hand the pointer on as one that is not null.
        ("br v3 b1(v3) b2\nb1(v7: ptr.value): v5: i64 = load v7 [+0 u64] ret v5\nb2: ret v4", True),
        ("jump b1(v3)\nb1(v7: ptr.value): v5: i64 = load v7 [+0 u64] ret v5", False),
    ],
)
def test_a_nullable_pointer_needs_its_branch(rest: str, fine: bool) -> None:
    fn = parse_fn(function(f"\nb0:{LOOKUP}{rest}"))
    if fine:
        check(fn)
        optimise(fn)
        return
    with pytest.raises(InternalError, match="may be null"):
        check(fn)


def test_one_value_in_two_places() -> None:
    fn = parse_fn(function("\nb0:\n v1: i64 = const 1\n ret v1"))
    fn.entry.body *= 2
    with pytest.raises(InternalError, match="two values are v1"):
        check(fn)


def test_a_block_that_was_left_out() -> None:
    fn = parse_fn(function("\nb0:\n jump b1\nb1:\n ret v0"))
    fn.entry.edges = [Edge(fn.block())]
    with pytest.raises(InternalError, match="not listed"):
        check(fn)
    assert "of no function" in print_fn(fn)


def test_a_pass_that_breaks_the_function_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(fn: object) -> bool:
        broken.entry.end = broken.value(Op.RET)
        return True

    broken = parse_fn(function("\nb0:\n ret v0"))
    monkeypatch.setattr("kring.ir.passes.PASSES", (("spoil", spoil),))
    with pytest.raises(InternalError) as caught:
        optimise(broken)
    assert caught.value.__notes__ == ["after the pass spoil"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "fn f {\nb0:\n  v1: i64 = frobnicate\n}",
            "found 'frobnicate', wanted an operation",
        ),
        ("fn f {\nb0:\n  v1: i32 = const 1\n}", "line 3: found 'i32', wanted a type"),
        ("fn f {\nb0:\n  ret v1\n}", "v1 is used but never defined"),
        ("fn f {\nb0:\n  jump b1\n}", "b1 is used but never defined"),
        ("fn f {\n}", "wanted a block"),
        ("fn f {\nb0:\n  store v1 [+0 u8] v2", "wanted"),
        ("fn f {\nb0:\n  v1: i64 = call ?", "wanted a name in quotes"),
    ],
)
def test_text_that_is_no_function(text: str, why: str) -> None:
    with pytest.raises(AsmError) as caught:
        parse_fn(text)
    assert why in str(caught.value)
