"""A short run of the fuzzing that `scripts/fuzz` does at length, and findings that are kept.

KRING_FUZZ_INPUTS and KRING_FUZZ_SEED make it longer or another.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from multiprocessing import get_context
from time import process_time
from typing import Any

import fuzzing
import pytest
from fuzzing import Corpus, bounded, run
from heavy import BLOBS, OBJECTS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from seeds import graph, objects
from use import use_btf, use_elf

from kring.obj.elf import section_data

INPUTS = int(os.environ.get("KRING_FUZZ_INPUTS", "1000"))
SEED = int(os.environ.get("KRING_FUZZ_SEED", "20240229"))


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    made = objects()
    return Corpus(made, [blob for one in made if (blob := section_data(one, ".BTF"))])


def test_seeds_are_in_order(corpus: Corpus) -> None:
    assert [use_elf(one) for one in corpus.objects] == ["used"] * len(corpus.objects)
    assert [use_btf(one) for one in corpus.blobs] == ["used"] * len(corpus.blobs)


def test_changed_bytes_bring_out_nothing_but_object_errors(corpus: Corpus) -> None:
    counts, findings = run(corpus, SEED, range(INPUTS))
    assert not findings, findings[0].trace
    assert len(counts) > 4, "inputs should come differently far"
    assert counts["elf used"] > INPUTS // 10
    assert counts["btf used"] > INPUTS // 20


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False))
def test_types_that_name_each_other_without_sense(chance: Any) -> None:
    use_btf(graph(chance))


def forked(of: Callable[[], object]) -> Any:
    """What a function returns in a process that may take little memory."""

    def child(send: Any) -> None:
        fuzzing.bound_memory()
        send.send(of())

    receive, send = get_context("fork").Pipe(False)
    process = get_context("fork").Process(target=child, args=(send,))
    process.start()
    send.close()
    try:
        return receive.recv()
    finally:
        process.join()


@pytest.mark.parametrize("make", BLOBS + OBJECTS, ids=lambda make: make.__name__)
def test_much_of_one_thing_takes_no_second(make: Callable[[int], bytes]) -> None:
    """One that took the square of its size would take many."""
    kind, data = "elf" if make in OBJECTS else "btf", make(500)
    assert forked(lambda: bounded(kind, data)) == "used"


def wrong(kind: str) -> Any:
    def use(data: bytes, thorough: bool) -> str:
        match kind:
            case "KeyError":
                return {}[len(data)]
            case "TooSlow":
                while process_time() < 60:
                    pass
            case _:
                return str(len(bytearray(300 << 20)))
        return ""

    return use


@pytest.mark.parametrize("kind", ["KeyError", "TooSlow", "MemoryError"])
def test_fuzzing_notices(kind: str, corpus: Corpus) -> None:
    def noticed() -> str:
        fuzzing.use_elf = fuzzing.use_btf = wrong(kind)
        return run(corpus, 1, [1])[1][0].trace

    assert kind in forked(noticed)
