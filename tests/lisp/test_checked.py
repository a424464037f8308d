"""Random Lisp programs that compare with the packet's end under one condition, do something else,
and read behind it under an equal condition: the verifier takes them, and they mean what they say.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from kring import Kernel, load
from kring.build import compile_all
from kring.frontend.lisp.toplevel import programs_of

pytestmark = pytest.mark.kernel

TESTS: list[tuple[str, str, Callable[[int, int], bool]]] = [
    ("(= a 6)", "(/= a 6)", lambda a, _: a == 6),
    ("(= b 3)", "(/= b 3)", lambda _, b: b == 3),
    ("(< a 5)", "(>= a 5)", lambda a, _: a < 5),
    ("(logand a 1)", "(not (logand a 1))", lambda a, _: a % 2 == 1),
]
"""A condition, its opposite, and what it says of two bytes of the packet."""
TOO_SHORT = 77
PROGRAMS = 30


class Left(Exception):
    """The program was left."""


Run = Callable[[bytes, list[int]], None]
"""What a form does to the sum, in Python."""


def form(random: Random, depth: int) -> tuple[str, Run]:
    return random.choice([simple, simple, either, loop, checked] if depth else [simple])(
        random, depth - 1
    )


def forms(random: Random, depth: int, most: int) -> tuple[str, Run]:
    made = [form(random, depth) for _ in range(random.randint(0, most))]

    def run(packet: bytes, total: list[int]) -> None:
        for _, one in made:
            one(packet, total)

    return " ".join(text for text, _ in made), run


def simple(random: Random, _: int) -> tuple[str, Run]:
    number = random.randrange(1, 100)
    if number % 3 == 0:
        return f"(incf (getmap counts {number}))", lambda _, __: None

    def run(_: bytes, total: list[int]) -> None:
        total[0] += number

    return f"(incf total {number})", run


def either(random: Random, depth: int) -> tuple[str, Run]:
    text, opposite, holds = random.choice(TESTS)
    (one, then), (other, otherwise) = forms(random, depth, 2), forms(random, depth, 2)

    def run(packet: bytes, total: list[int]) -> None:
        (then if holds(packet[14], packet[15]) else otherwise)(packet, total)

    if random.random() < 0.3:
        return f"(if {opposite} (progn {other}) (progn {one}))", run
    return f"(if {text} (progn {one}) (progn {other}))", run


def loop(random: Random, depth: int) -> tuple[str, Run]:
    rounds, (text, inside) = random.randint(1, 3), forms(random, depth, 2)

    def run(packet: bytes, total: list[int]) -> None:
        for _ in range(rounds):
            inside(packet, total)

    return f"(dotimes (i {rounds}) {text})", run


def checked(random: Random, depth: int) -> tuple[str, Run]:
    text, opposite, holds = random.choice(TESTS)
    end = random.choice((40, 50, 54))
    at = random.randrange(20, end)
    between, do = forms(random, depth, 2)

    def run(packet: bytes, total: list[int]) -> None:
        if holds(packet[14], packet[15]) and len(packet) < end:
            raise Left
        do(packet, total)
        if holds(packet[14], packet[15]):
            total[0] += packet[at]

    check = random.choice((
        f"(when {text} (when (> (+ d {end}) e) (return {TOO_SHORT})))",
        f"(unless {opposite} (unless (<= (+ d {end}) e) (return {TOO_SHORT})))",
        f"(when (and {text} (> (+ d {end}) e)) (return {TOO_SHORT}))",
    ))  # fmt: skip
    read = random.choice((
        f"(when {text} (incf total (load u8 d {at})))",
        f"(if {opposite} 0 (incf total (load u8 d {at})))",
    ))  # fmt: skip
    return f"(progn {check} {between} {read})", run


@pytest.mark.parametrize("seed", range(PROGRAMS))
def test_reads_under_the_condition_of_the_check(seed: int) -> None:
    random = Random(seed)
    made = [checked(random, 2), form(random, 3), checked(random, 2)]
    text = f"""
        (defmap counts :type :hash :key-size 4 :value-size 8 :max-entries 128)
        (defprog p (:type :xdp)
          (with-packet (d e :min-len 18)
            (let ((a (load u8 d 14)) (b (load u8 d 15)) (total 0))
              {" ".join(text for text, _ in made)}
              total)))"""
    with load(compile_all(programs_of(text, "test.lisp"))[0], on=Kernel(), attach=False) as s:
        for size in (18, 42, 60):
            for a, b in ((3, 3), (4, 2), (6, 3), (9, 2)):
                packet = bytes([*range(100, 114), a, b, *range(116, 100 + size)])
                total = [0]
                try:
                    for _, run in made:
                        run(packet, total)
                except Left:
                    total = [TOO_SHORT]
                assert s.programs["p"].run(packet).value == total[0], (text, size, a, b)
