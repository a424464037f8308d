"""Inputs by number, and what becomes of them: run in a process that has little memory and time.

In: a seed and numbers. Out: counts of how far inputs came, and a `Finding` for each that brought
out anything but ObjectError. The same seed and number make the same input.
"""

from __future__ import annotations

import random
import resource
import signal
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple, NoReturn

from mutate import mutated, mutated_elf
from seeds import graph
from use import use_btf, use_elf

SECONDS = 1.0
"""Of the processor's time: other processes do not make an input slow."""
BYTES = 200 << 20
_THOROUGH = 4
"""One input of so many is used in every way; of the others more can be had in the same time."""


class TooSlow(BaseException):
    """An input took longer than it may; no `except Exception` stops this."""


class Finding(NamedTuple):
    number: int
    what: str
    data: bytes
    trace: str


class Corpus(NamedTuple):
    objects: list[bytes]
    blobs: list[bytes]


def make(corpus: Corpus, seed: int, number: int) -> tuple[str, bytes]:
    """The kind of an input, and its bytes."""
    chance = random.Random(seed << 32 | number)
    pick = chance.random()
    if pick < 0.6:
        return "elf", mutated_elf(chance.choice(corpus.objects), chance)
    if pick < 0.8:
        return "btf", mutated(chance.choice(corpus.blobs), chance)
    if pick < 0.9:
        return "btf", graph(chance)
    return "btf", mutated(graph(chance), chance)


def run(
    corpus: Corpus, seed: int, numbers: Iterable[int], about: Callable[[int], None] = lambda n: None
) -> tuple[Counter[str], list[Finding]]:
    """What became of these inputs. `about` is told of each before it is used."""
    counts: Counter[str] = Counter()
    findings: list[Finding] = []
    for number in numbers:
        about(number)
        kind, data = make(corpus, seed, number)
        try:
            counts[f"{kind} {bounded(kind, data, number % _THOROUGH == 0)}"] += 1
        except (Exception, TooSlow) as error:
            counts[f"{kind} {type(error).__name__}"] += 1
            trace = "".join(traceback.format_exception(error))
            findings.append(Finding(number, kind, data, trace))
    return counts, findings


def bounded(kind: str, data: bytes, thorough: bool = True) -> str:
    """How far an input came.

    Raises: TooSlow if it took longer than it may.
    """
    before = signal.signal(signal.SIGPROF, _too_slow)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        return (use_elf if kind == "elf" else use_btf)(data, thorough)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _too_slow(*_: object) -> NoReturn:
    raise TooSlow


def bound_memory() -> None:
    """From here on this process may take no more than `BYTES` beside what it has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
