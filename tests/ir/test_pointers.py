"""What the builder makes of variables that are one pointer or another, or 0, where paths meet."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kring.frontend.builder import Builder, Carried, WidenLoop
from kring.frontend.module import Module, Separate
from kring.frontend.values import Mixed, Num
from kring.ir.check import check, unproven
from kring.ir.core import I64, Fn, Mem, Op, Space, Span, Type, Value
from kring.ir.evaluate import World, evaluate
from kring.ir.passes import optimise
from kring.ir.text import parse_fn
from kring.lower.lower import lower

SPAN = Span("pointers.lisp", 1, 1, 1, 2)
VALUE = Type(Space.VALUE, nullable=True)
WORD = Mem(0, 8)
Program = Callable[[Builder, Value], None]


def build(program: Program) -> Fn:
    """What the program builds, given a number."""
    carried: set[Carried] = set()
    for _ in range(4):
        b = Builder("f", Module(), SPAN, carried, Separate("f", set(), set()))
        try:
            program(b, b.parameter(I64))
        except WidenLoop as loop:
            carried.add(loop.key)
            continue
        return b.fn
    raise AssertionError(f"never done: {carried}")


def run(fn: Fn, number: int) -> int:
    """What it returns; maps have a value, which is 40 or 50, for keys 1 and 2."""
    places: dict[int, int] = {}

    def lookup(world: World, which: int, key: int) -> int:
        if not places:
            for wanted in (1, 2):
                places[wanted] = world.allocate((30 + 10 * wanted).to_bytes(8, "little"))
        return places.get(int.from_bytes(world.read(key, 8), "little"), 0)

    return evaluate(fn, [number], World(helpers={"map_lookup_elem": lookup}, maps={"m": 7}))


def agrees(program: Program, **expected: int) -> Fn:
    """The function, which before and after all passes gives what is expected for `n1`, `n2`…"""
    fn = build(program)
    check(fn)
    fn = parse_fn(str(fn))
    for name, result in expected.items():
        assert run(fn, int(name[1:])) == result
    optimise(fn)
    for name, result in expected.items():
        assert run(fn, int(name[1:])) == result
    lower(fn)
    return fn


def lookup(b: Builder, key: Value) -> Value:
    place = b.stack(8)
    b.store(place, WORD, key)
    return b.call("map_lookup_elem", b.map("m"), place)


def when(
    b: Builder,
    condition: Value,
    then: Callable[[], None],
    otherwise: Callable[[], None] = lambda: None,
) -> None:
    yes, no, after = b.join(), b.join(), b.join()
    b.branch(condition, yes, no)
    for join, act in ((yes, then), (no, otherwise)):
        b.enter(join)
        act()
        b.jump(after)
    b.enter(after)


def assign(b: Builder, name: str, value: Value) -> None:
    b.env[name] = Num(value, signed=False)


def use(b: Builder, name: str) -> Value:
    val = b.env[name]
    assert isinstance(val, Num)
    return val.value


def load_if(b: Builder, name: str, otherwise: int = 7) -> None:
    """Return what the variable points to if it is not 0."""
    yes, no = b.join(), b.join()
    b.branch(use(b, name), yes, no)
    b.enter(yes)
    b.ret(b.load(use(b, name), WORD))
    b.enter(no)
    b.ret(b.const(otherwise))


def test_a_pointer_or_0() -> None:
    def program(b: Builder, n: Value) -> None:
        assign(b, "p", b.const(0))
        when(b, n, lambda: assign(b, "p", lookup(b, n)))
        assert use(b, "p").type == VALUE
        load_if(b, "p")

    agrees(program, n0=7, n1=40, n2=50, n3=7)


def test_a_0_that_two_paths_agree_on() -> None:
    def program(b: Builder, n: Value) -> None:
        zero = b.const(0)
        when(b, n, lambda: assign(b, "p", zero), lambda: assign(b, "p", b.const(0)))
        two = b.emit(Op.EQ, n, b.const(2))
        when(b, two, lambda: assign(b, "p", lookup(b, n)))
        load_if(b, "p")

    agrees(program, n0=7, n1=7, n2=50)


def test_always_0_after_all() -> None:
    def program(b: Builder, n: Value) -> None:
        assign(b, "p", b.const(0))
        yes, after = b.join(), b.join()
        b.branch(b.emit(Op.NE, n, n), yes, after)
        b.enter(yes)
        assign(b, "p", lookup(b, n))
        b.jump(after)
        b.enter(after)
        load_if(b, "p")

    fn = agrees(program, n0=7, n1=7)
    assert len(fn.blocks) == 1


def test_memory_of_either_kind() -> None:
    def program(b: Builder, n: Value) -> None:
        own = b.stack(8)
        b.store(own, WORD, b.const(3))
        found = lookup(b, n)
        when(b, found, lambda: assign(b, "p", found), lambda: assign(b, "p", own))
        joined = use(b, "p")
        assert joined.type == Type(Space.MEM, nullable=True)
        b.store(joined, WORD, b.emit(Op.ADD, b.load(joined, WORD), b.const(1)))
        when(b, n, lambda: assign(b, "q", joined), lambda: assign(b, "q", own))
        b.ret(b.emit(Op.ADD, b.load(own, WORD), b.load(b.at(use(b, "q"), 0), WORD)))

    # On each way to the join the pointer is not null, so that it need not be asked again.
    agrees(program, n0=8, n1=3 + 41, n2=3 + 51, n3=8)


def test_what_was_tested_on_each_way_is_proven() -> None:
    def program(b: Builder, n: Value) -> None:
        found = lookup(b, n)
        yes, no = b.join(), b.join()
        b.branch(found, yes, no)
        b.enter(no)
        b.ret(b.const(9))
        b.enter(yes)
        assign(b, "p", found)

        def other() -> None:
            again = lookup(b, b.const(2))
            found, none = b.join(), b.join()
            b.branch(again, found, none)
            b.enter(none)
            b.ret(b.const(8))
            b.enter(found)
            assign(b, "p", again)

        when(b, b.emit(Op.EQ, n, b.const(1)), other)
        b.ret(b.load(use(b, "p"), WORD))

    agrees(program, n0=9, n1=50, n2=50)


def test_a_loop_that_finds_a_pointer() -> None:
    def program(b: Builder, n: Value) -> None:
        assign(b, "p", b.const(0))
        assign(b, "i", b.const(0))
        loop = b.loop(SPAN, ["i", "p"])
        body, after = b.join(), b.join()
        b.branch(b.emit(Op.ULT, use(b, "i"), n), body, after)
        b.enter(body)
        assign(b, "i", b.emit(Op.ADD, use(b, "i"), b.const(1)))
        assign(b, "p", lookup(b, use(b, "i")))
        b.again(loop)
        b.enter(after)
        load_if(b, "p")

    agrees(program, n0=7, n1=40, n2=50, n3=7)


def test_a_loop_that_moves_a_tested_pointer() -> None:
    def program(b: Builder, n: Value) -> None:
        found = lookup(b, n)
        yes, no = b.join(), b.join()
        b.branch(found, yes, no)
        b.enter(no)
        b.ret(b.const(9))
        b.enter(yes)
        assign(b, "p", found)
        assign(b, "i", b.const(0))
        loop = b.loop(SPAN, ["i", "p"])
        body, after = b.join(), b.join()
        b.branch(b.emit(Op.ULT, use(b, "i"), b.const(4)), body, after)
        b.enter(body)
        assign(b, "i", b.emit(Op.ADD, use(b, "i"), b.load(b.at(use(b, "p"), 1), Mem(-1, 1))))
        assign(b, "p", b.at(use(b, "p"), 0))
        b.again(loop)
        b.enter(after)
        b.ret(use(b, "i"))

    agrees(program, n0=9, n1=40, n2=50)


@pytest.mark.parametrize("loops", [False, True])
def test_a_pointer_or_a_number_is_nothing_to_use(loops: bool) -> None:
    def program(b: Builder, n: Value) -> None:
        assign(b, "p", b.const(5))
        assign(b, "i", b.const(0))
        if loops:
            loop = b.loop(SPAN, ["i", "p"])
            body, after = b.join(), b.join()
            b.branch(b.emit(Op.ULT, use(b, "i"), n), body, after)
            b.enter(body)
            assign(b, "i", b.emit(Op.ADD, use(b, "i"), b.const(1)))
            assign(b, "p", lookup(b, use(b, "i")))
            b.again(loop)
            b.enter(after)
        else:
            when(b, n, lambda: assign(b, "p", lookup(b, n)))
        assert b.env["p"] == Mixed("a number", "a pointer to a map's value", plain=True) or (
            b.env["p"] == Mixed("a pointer to a map's value", "a number", plain=True)
        )
        b.ret(b.const(1))

    agrees(program, n0=1, n1=1)


def test_an_address_of_the_kernel_is_a_number() -> None:
    def program(b: Builder, n: Value) -> None:
        assign(b, "p", b.call("get_current_task"))
        when(b, n, lambda: assign(b, "p", n))
        assert use(b, "p").type == I64
        b.ret(b.emit(Op.ADD, use(b, "p"), b.const(1)))

    check(build(program))


def test_what_is_used_unproven_is_told() -> None:
    def program(b: Builder, n: Value) -> None:
        assign(b, "p", b.const(0))
        when(b, n, lambda: assign(b, "p", lookup(b, n)))
        b.ret(b.load(use(b, "p"), WORD))

    fn = build(program)
    ((pointer, user),) = unproven(fn)
    assert (pointer.op, user.op, user.span) == (Op.PARAM, Op.LOAD, SPAN)
    assert not list(unproven(build(lambda b, n: b.ret(n))))


def test_a_loop_that_finds_a_pointer_now_and_then() -> None:
    def program(b: Builder, n: Value) -> None:
        assign(b, "p", b.const(0))
        for outer in range(2):
            assign(b, "i", b.const(0))
            loop = b.loop(SPAN._replace(line=1 + outer), ["i", "p"])
            body, after = b.join(), b.join()
            b.branch(b.emit(Op.ULT, use(b, "i"), n), body, after)
            b.enter(body)
            assign(b, "i", b.emit(Op.ADD, use(b, "i"), b.const(1)))
            even = b.emit(Op.EQ, b.emit(Op.AND, use(b, "i"), b.const(1)), b.const(0))
            when(b, even, lambda: assign(b, "p", lookup(b, use(b, "i"))))
            b.again(loop)
            b.enter(after)
        load_if(b, "p")

    agrees(program, n0=7, n1=7, n2=50, n3=50, n4=7)
