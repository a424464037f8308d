"""Programs that send as fast as they can, each on a CPU of its own."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from kring import PerCpuArray, PerfBuf, Program, Session, Struct, raw_tracepoint, u32, u64
from kring.helpers import get_smp_processor_id

AT_ONCE = 500


class Sent(Struct):
    """Number `n` of what CPU `cpu` sent."""

    cpu: u32
    n: u64


def sender(events: PerfBuf[Sent], records: int = AT_ONCE) -> Program:
    """Sends so many records each time it is run."""
    serial = PerCpuArray[u64](1)

    @raw_tracepoint("sched_switch")
    def send() -> None:
        for _ in range(records):
            serial[0] += 1
            events.output(Sent(cpu=get_smp_processor_id(), n=serial[0]))

    return send


class Senders:
    """Threads that run a program, one on each CPU."""

    def __init__(self, session: Session, program: Program, runs: int) -> None:
        self._run = session[program].run
        self._runs = runs
        self.cpus = sorted(os.sched_getaffinity(0))
        self._threads = [Thread(target=self._send, args=(cpu,)) for cpu in self.cpus]

    def _send(self, cpu: int) -> None:
        os.sched_setaffinity(0, {cpu})
        for _ in range(self._runs):
            self._run()

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def alive(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def join(self) -> None:
        for thread in self._threads:
            thread.join()


@contextmanager
def sending(session: Session, program: Program, runs: int) -> Iterator[Senders]:
    """Senders that are on their way, and at their end when the block is left."""
    senders = Senders(session, program, runs)
    senders.start()
    try:
        yield senders
    finally:
        senders.join()


def read_all(stream: Any, senders: Senders) -> Iterator[list[Sent]]:
    """What comes while they send, and what is there when they are done."""
    while senders.alive():
        yield stream.poll(timeout=0.01)
    while records := stream.poll(timeout=0):
        yield records


def check_books(counts: Counter[int], lost: dict[int, int] | None, sent: dict[int, int]) -> None:
    """On each CPU what was received and what was lost are what was sent."""
    assert lost is not None
    assert {cpu: counts[cpu] + lost[cpu] for cpu in sent} == sent
