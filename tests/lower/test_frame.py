"""Memory of the stack: what is needed at once lies apart, what is not shares the frame."""

from __future__ import annotations

import time
from random import Random

import pytest
from engines import agree, evaluated, in_kernel

from kring.ir.check import check
from kring.ir.core import Fn
from kring.ir.text import parse_fn
from kring.lower.frame import place
from kring.lower.lir import Function
from kring.lower.lower import lower

MEM = bytes(range(1, 33))


def placed(fn: Fn) -> tuple[dict[str, int], int]:
    """The offsets of the function's stack values by name, and the size of the frame."""
    check(fn)
    out = Function([])
    found = {str(value): offset for value, offset in place(fn, out).items()}
    assert sum(size for _, size in out.users) == out.frame
    return found, out.frame


def function(text: str) -> Fn:
    return parse_fn("fn f(v0: ptr.value) {\n" + text + "\n}")


def test_temporaries_of_one_block_share() -> None:
    lines = ["b0:", 'v1: ptr.map = map "m"']
    for at in range(2, 200, 3):
        lines += [
            f"v{at}: ptr.stack = stack 8",
            f"v{at + 1}: i64 = const {at}",
            f"store v{at} [+0 u32] v{at + 1}",
            f'v{at + 2}: i64 = call "map_delete_elem" v1 v{at}',
        ]
    _, frame = placed(function("\n".join([*lines, "ret v4"])))
    assert frame == 8


def test_what_one_call_takes_lies_apart() -> None:
    offsets, frame = placed(
        function(
            """b0:
              v1: ptr.map = map "m"
              v2: ptr.stack = stack 8
              v3: ptr.stack = stack 8
              v4: i64 = const 0
              store v2 [+0 u32] v4
              store v3 [+0 u64] v4
              v5: i64 = call "map_update_elem" v1 v2 v3 v4
              v6: ptr.stack = stack 8
              store v6 [+0 u32] v4
              v7: i64 = call "map_delete_elem" v1 v6
              v8: i64 = call "map_delete_elem" v1 v2
              ret v4"""
        )
    )
    assert frame == 16
    assert offsets["v6"] == offsets["v3"] != offsets["v2"]


LOOP = """b0:
  v1: ptr.stack = stack 16
  v2: i64 = load v0 [+0 u64]
  store v1 [+0 u64] v2
  store v1 [+8 u64] v2
  v3: i64 = const 0
  jump b1(v3, v3)
b1(v4: i64, v5: i64):
  {before}
  v6: i64 = load v1 [+0 u64]
  v7: i64 = add v5 v6
  v8: ptr.stack = stack 16
  store v8 [+0 u64] v7
  store v8 [+8 u64] v4
  v9: i64 = load v8 [+0 u64]
  v10: i64 = load v8 [+8 u64]
  v11: i64 = add v9 v10
  v12: i64 = const 1
  v13: i64 = add v4 v12
  v14: i64 = const 3
  v15: i64 = ult v13 v14
  br v15 b1(v13, v11) b2
b2:
  ret v11"""


def test_what_the_next_round_reads_is_kept() -> None:
    fn = function(LOOP.format(before=""))
    assert agree(fn, MEM).stack == 32


def test_what_each_round_writes_anew_is_not() -> None:
    fn = function(LOOP.format(before="store v1 [+0 u64] v4\n  store v1 [+8 u64] v4"))
    assert agree(fn, MEM).stack == 16


def test_half_of_it_written_anew_keeps_the_other_half() -> None:
    fn = function(LOOP.format(before="store v1 [+8 u64] v4"))
    assert agree(fn, MEM).stack == 32


def test_half_of_it_written_anew_in_a_block_that_reads_none_keeps_the_other_half() -> None:
    fn = function(
        """b0:
          v1: ptr.stack = stack 16
          v2: i64 = load v0 [+0 u64]
          store v1 [+0 u64] v2
          store v1 [+8 u64] v2
          v3: ptr.stack = stack 16
          zero v3 [+0 16]
          v4: i64 = load v3 [+8 u64]
          jump b1
        b1:
          store v1 [+0 u64] v4
          jump b2
        b2:
          v5: i64 = load v1 [+8 u64]
          ret v5"""
    )
    assert agree(fn, MEM).stack == 32


BRANCH = """b0:
  v1: ptr.stack = stack 8
  v2: i64 = load v0 [+0 u64]
  store v1 [+0 u64] v2
  br v2 b1 b2
b1:
  v3: ptr.stack = stack 8
  v4: i64 = const 7
  store v3 [+0 u64] v4
  v5: i64 = load v3 [+0 u64]
  store v0 [+8 u64] v5
  jump b3
b2:
  v6: ptr.stack = stack 8
  v7: i64 = const 8
  store v6 [+0 u64] v7
  v8: i64 = load v6 [+0 u64]
  store v0 [+8 u64] v8
  jump b3
b3:
  v9: i64 = load v1 [+0 u64]
  ret v9"""


def test_what_is_read_after_a_branch_is_kept_on_both_sides() -> None:
    fn = function(BRANCH)
    offsets, frame = placed(fn)
    assert frame == 16
    assert offsets["v3"] == offsets["v6"] != offsets["v1"]
    agree(fn, MEM)
    agree(fn, bytes(32))


def out_buffer(helper: str, arguments: str) -> int:
    """The frame of a loop that fills a buffer with a helper, and then another area."""
    _, frame = placed(
        function(
            f"""b0:
              v1: i64 = const 16
              v2: i64 = const 0
              jump b1
            b1:
              v3: ptr.stack = stack 16
              v4: i64 = call "{helper}" v3 v1{arguments}
              v5: i64 = load v3 [+0 u64]
              store v0 [+0 u64] v5
              v6: ptr.stack = stack 16
              store v6 [+0 u64] v5
              store v6 [+8 u64] v5
              v7: i64 = load v6 [+8 u64]
              br v7 b1 b2
            b2:
              ret v2"""
        )
    )
    return frame


def test_a_buffer_that_a_helper_fills_is_written_anew() -> None:
    assert out_buffer("get_current_comm", "") == 16
    assert out_buffer("probe_read_kernel", " v2") == 16


def test_what_a_string_leaves_of_a_buffer_is_kept() -> None:
    assert out_buffer("probe_read_kernel_str", " v2") == 32


ESCAPES = {
    "stored": ("store v0 [+8 u64] v1", ""),
    "computed with": ("v20: i64 = load v0 [+8 u64]\n v21: ptr.stack = add v1 v20", ""),
    "compared": ("v20: i64 = const 0\n v21: i64 = eq v1 v20", ""),
    "probed": (
        "v20: ptr.stack = stack 8\n v21: i64 = const 8\n"
        ' v22: i64 = call "probe_read_kernel" v20 v21 v1',
        "",
    ),
    "passed on": ("", "v1"),
}


@pytest.mark.parametrize("how", ESCAPES)
def test_an_address_that_gets_away_never_shares(how: str) -> None:
    text, argument = ESCAPES[how]
    param = "v30: ptr.stack" if argument else "v30: i64"
    offsets, _ = placed(
        function(
            f"""b0:
              v1: ptr.stack = stack 8
              {text}
              v2: i64 = const 0
              jump b1({argument or "v2"})
            b1({param}):
              v3: ptr.stack = stack 8
              store v3 [+0 u64] v2
              v4: i64 = load v3 [+0 u64]
              ret v4"""
        )
    )
    assert offsets["v1"] != offsets["v3"]


def test_bytes_count_for_the_largest_that_shares_them() -> None:
    text = ["b0:", "v1: i64 = load v0 [+0 u64]"]
    for at, size in enumerate((8, 40, 24)):
        text += [
            f"v{at + 2}: ptr.stack = stack {size} @{at + 1}:1-2",
            f"zero v{at + 2} [+0 {size}]",
            f"v{at + 12}: i64 = load v{at + 2} [+0 u64]",
        ]
    fn = parse_fn("\n".join(['fn f(v0: ptr.value) "f.py" {', *text, "ret v1", "}"]))
    code = lower(fn)
    assert [(span and span.line, size) for span, size in code.stack_users] == [(2, 40)]


def test_thousands_of_temporaries_take_little_time() -> None:
    lines = ["b0:", 'v1: ptr.map = map "m"', "v2: i64 = const 0"]
    for at in range(3, 12003, 2):
        lines += [
            f"v{at}: ptr.stack = stack 8",
            f"store v{at} [+0 u32] v2",
            f'v{at + 1}: i64 = call "map_delete_elem" v1 v{at}',
        ]
    fn = function("\n".join([*lines, "ret v2"]))
    start = time.perf_counter()
    assert list(place(fn, Function([])).values()) == [-8] * 6000
    assert time.perf_counter() - start < 2


# -- random functions that read only what they have written


class Drawn:
    """A function being written down, and which of its areas hold numbers on every path here."""

    SIZES = (8, 8, 16, 16, 24, 8)

    def __init__(self, random: Random) -> None:
        self.random = random
        self.lines = ["b0:"]
        self.ids = 0
        self.blocks = 0
        self.held: set[int] = set()
        self.areas = [self.add(f"stack {size}", "ptr.stack") for size in self.SIZES]
        self.body(3)
        self.lines.append(f"ret {self.add('load v0 [+24 u64]')}")
        self.fn = function("\n".join(self.lines))

    def add(self, text: str, kind: str = "i64") -> str:
        self.ids += 1
        self.lines.append(f"v{self.ids}: {kind} = {text}")
        return f"v{self.ids}"

    def block(self) -> str:
        self.blocks += 1
        return f"b{self.blocks + 10_000}"

    def body(self, depth: int) -> None:
        for _ in range(self.random.randrange(2, 7)):
            kind = self.random.randrange(8 if depth else 6)
            (self.write if kind < 4 else self.read if kind < 6 else self.nest)(depth)

    def write(self, _: int) -> None:
        area = self.random.randrange(len(self.SIZES))
        number = self.add(f"const {self.random.randrange(1, 1 << 30)}")
        words = list(range(0, self.SIZES[area], 8))
        if self.random.random() < 0.2:
            self.lines.append(f"zero {self.areas[area]} [+0 {self.SIZES[area]}]")
        elif area in self.held and self.random.random() < 0.8:
            words = [self.random.choice(words)]
        for word in words:
            self.lines.append(f"store {self.areas[area]} [+{word} u64] {number}")
        self.held.add(area)

    def read(self, _: int) -> None:
        if self.held:
            area = self.random.choice(sorted(self.held))
            word = self.random.randrange(0, self.SIZES[area], 8)
            found = self.add(f"load {self.areas[area]} [+{word} u64]")
            total = self.add("load v0 [+24 u64]")
            more = self.add(f"mul {total} {self.add('const 31')}")
            self.lines.append(f"store v0 [+24 u64] {self.add(f'add {more} {found}')}")

    def nest(self, depth: int) -> None:
        (self.loop if self.random.random() < 0.5 else self.choice)(depth)

    def choice(self, depth: int) -> None:
        one, other, after = self.block(), self.block(), self.block()
        test = self.add(f"and {self.add('load v0 [+24 u64]')} {self.add('const 4')}")
        self.lines.append(f"br {test} {one} {other}")
        before, ends = self.held, list[set[int]]()
        for way in (one, other):
            self.held = set(before)
            self.lines.append(f"{way}:")
            self.body(depth - 1)
            self.lines.append(f"jump {after}")
            ends.append(self.held)
        self.held = ends[0] & ends[1]
        self.lines.append(f"{after}:")

    def loop(self, depth: int) -> None:
        head, after = self.block(), self.block()
        self.lines.append(f"jump {head}({self.add('const 0')})")
        self.ids += 1
        count = f"v{self.ids}"
        self.lines.append(f"{head}({count}: i64):")
        self.body(depth - 1)
        following = self.add(f"add {count} {self.add('const 1')}")
        test = self.add(f"ult {following} {self.add('const 3')}")
        self.lines.append(f"br {test} {head}({following}) {after}")
        self.lines.append(f"{after}:")


def test_random_functions_read_what_they_wrote() -> None:
    shared = 0
    for seed in range(300):
        code = agree(Drawn(Random(seed)).fn, MEM)
        shared += sum(size for _, size in code.stack_users) < sum(Drawn.SIZES)
    assert shared > 30, "too few functions had anything to share"


@pytest.mark.kernel
def test_random_functions_in_the_kernel() -> None:
    for seed in range(40):
        fn = Drawn(Random(seed)).fn
        assert in_kernel(lower(fn), MEM) == evaluated(fn, MEM), f"seed {seed}"
