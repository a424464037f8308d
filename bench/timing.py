"""Nanoseconds per run of two objects' programs, taken in turns so that both meet the same machine.

Programs on packets run by BPF_PROG_TEST_RUN with repeat: each packet by itself, the mean over
packets of the median over rounds. Others are attached, one side at a time, while their hook fires;
the kernel counts their runs and time (BPF_ENABLE_STATS), which its own clock adds to on both sides.
Each object is loaded several times: where code comes to lie in memory matters too.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from mmap import mmap
from pathlib import Path
from statistics import fmean, median, median_grouped
from struct import Struct, pack, unpack_from
from tempfile import TemporaryFile
from time import sleep
from typing import Any, NamedTuple, TypeVar

from packets import PACKETS

from kring import Session, load
from kring.abi.uapi import MapType
from kring.errors import KringError
from kring.obj.elf_read import from_elf
from kring.run.kernel.syscall import Fds, address, bpf, bpf_open, buffer

T = TypeVar("T", int, float)

ENABLE_STATS = 32
TEST_RUN = 10
INFO = 15
LOADS = 3
_INFO_SIZE = 224
_RUN_TIME_OFFSET = 192
_TEST_ATTR = Struct("<4I2Q4I2Q3I4x")
_REPEATS = 20_000
_FEWEST_FIRED = 30


class Timed(NamedTuple):
    """What one program of a pair took: nanoseconds per run by side, and how they were taken."""

    kring_ns: float | None = None
    clang_ns: float | None = None
    timed_by: str | None = None
    kring_processed: int | None = None
    clang_processed: int | None = None
    error: str | None = None


class Side:
    """A loaded object."""

    def __init__(self, path: Path) -> None:
        self.session: Session = load(from_elf(path.read_bytes(), path.stem), attach=False)

    def __enter__(self) -> Side:
        self.session.__enter__()
        assert self.session.object is not None
        self.rings = [
            self._live(spec.name).ring()
            for spec in self.session.object.maps
            if spec.type is MapType.RINGBUF
        ]
        return self

    def _live(self, name: str) -> Any:
        """The map below a stream's handle, which is made when it is first asked for."""
        assert self.session.maps[name] is not None
        return self.session._rings[name]

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def drain(self) -> int:
        """Empty the rings; how many bytes the fullest had for each that it can hold."""
        most = 0
        for ring in self.rings:
            most = max(most, ring.producer[0] - ring.consumer[0])
            ring.consumer[0] = ring.producer[0]
        return most

    def room(self) -> int:
        """Bytes of the smallest ring, 0 if there is none."""
        return min((ring.size for ring in self.rings), default=0)

    def fd(self, program: str) -> int:
        live: Any = self.session.programs[program]._live
        return live.fd

    def kind(self, program: str) -> Any:
        live: Any = self.session.programs[program]._live
        return live.kind


def measure(
    kring: Path, clang: Path, programs: Sequence[tuple[str, str]], rounds: int
) -> list[Timed]:
    """The times of each pair of programs of two objects; `rounds` samples of each load."""
    samples: list[list[Timed]] = [[] for _ in programs]
    for _ in range(LOADS if rounds else 1):
        try:
            with Side(kring) as ours, Side(clang) as theirs:
                for found, (one, other) in zip(samples, programs, strict=True):
                    found.append(_one(ours, one, theirs, other, rounds))
        except KringError as error:
            text = f"{type(error).__name__}: {error}"
            return [Timed(error=text) for _ in programs]
    return [_merged(found) for found in samples]


def _merged(found: Sequence[Timed]) -> Timed:
    if any(one.kring_ns is None or one.clang_ns is None for one in found):
        return next(one for one in found if one.kring_ns is None or one.clang_ns is None)
    return found[0]._replace(
        kring_ns=median(one.kring_ns or 0 for one in found),
        clang_ns=median(one.clang_ns or 0 for one in found),
    )


def _one(ours: Side, one: str, theirs: Side, other: str, rounds: int) -> Timed:
    processed = [
        side.session.programs[name].insns_processed or None
        for side, name in ((ours, one), (theirs, other))
    ]
    facts = Timed(kring_processed=processed[0], clang_processed=processed[1])
    if not rounds:
        return facts
    kind = ours.kind(one)
    try:
        if kind.test_run and kind.name not in ("raw_tracepoint", "syscall"):
            found, how = _by_test_run((ours, one), (theirs, other), rounds), "test-run"
        else:
            found, how = _by_stats((ours, one), (theirs, other), rounds), "stats"
    except (KringError, OSError, _Silent, _Different) as error:
        return facts._replace(error=f"not timed: {error}")
    return facts._replace(kring_ns=found[0], clang_ns=found[1], timed_by=how)


class _Silent(Exception):
    """Nothing that we know to do fires the program's hook."""


class _Different(Exception):
    """The two programs do not mean the same."""


# By test-run.


def _by_test_run(
    ours: tuple[Side, str], theirs: tuple[Side, str], rounds: int
) -> tuple[float, float]:
    """The mean over packets of each side's median.

    Raises: _Different if the sides do not make the same of a packet.
    """
    for number, packet in enumerate(PACKETS):
        made = [side.session.programs[name].run(packet) for side, name in (ours, theirs)]
        if (made[0].value, made[0].data) != (made[1].value, made[1].data):
            raise _Different(f"packet {number} gives {made[0].value}, clang's {made[1].value}")
    means: list[tuple[float, float]] = []
    for packet in PACKETS:
        runs = [_TestRun(side, name, packet) for side, name in (ours, theirs)]
        repeat = min(run.repeats() for run in runs)
        taken = in_turns(rounds, *(partial(run, repeat) for run in runs))
        means.append((_middle([pair[0] for pair in taken]), _middle([pair[1] for pair in taken])))
    return fmean(mean[0] for mean in means), fmean(mean[1] for mean in means)


def in_turns(rounds: int, *sides: Callable[[], T]) -> list[list[T]]:
    """What each side gave in each round; who comes first changes, as it may matter."""
    taken: list[list[T]] = []
    for turn in range(rounds):
        order = sides if turn % 2 == 0 else sides[::-1]
        found = [side() for side in order]
        taken.append(found if turn % 2 == 0 else found[::-1])
    return taken


class _TestRun:
    """A program on a packet: nanoseconds per run, of so many."""

    def __init__(self, side: Side, program: str, packet: bytes) -> None:
        self.side = side
        self.fd = side.fd(program)
        self.packet = buffer(packet)
        self.size = len(packet)

    def __call__(self, repeat: int) -> int:
        self.side.drain()
        place = address(self.packet)
        attr = buffer(
            _TEST_ATTR.pack(self.fd, 0, self.size, 0, place, 0, repeat, 0, 0, 0, 0, 0, 0, 0, 0)
        )
        bpf(TEST_RUN, attr)
        return _TEST_ATTR.unpack_from(attr)[7]

    def repeats(self) -> int:
        """How many runs leave room in the rings."""
        self(16)
        used = self.side.drain() / 16
        return min(_REPEATS, int(self.side.room() * 0.9 / used)) if used else _REPEATS


def _middle(whole: Sequence[int]) -> float:
    """The median of numbers that the kernel rounded down, as if it had not."""
    return median_grouped(whole) + 0.5


# By the kernel's statistics.


def _by_stats(ours: tuple[Side, str], theirs: tuple[Side, str], rounds: int) -> tuple[float, float]:
    """Each side's median."""
    with ExitStack() as stack:
        stack.enter_context(_stats())
        fire = _firing(stack, ours, theirs)
        taken = in_turns(rounds, *(partial(fire, *side) for side in (ours, theirs)))
    return median(pair[0] for pair in taken), median(pair[1] for pair in taken)


Fire = Callable[[Side, str], float]


def _firing(stack: ExitStack, ours: tuple[Side, str], theirs: tuple[Side, str]) -> Fire:
    """The cheapest way to make the program of both sides run."""
    if ours[0].kind(ours[1]).name == "syscall":
        return lambda side, name: _per_run(side, name, lambda: _call(side.fd(name)))
    echo = stack.enter_context(_echo())
    for way in (partial(_calls, echo), _processes):

        def fire(side: Side, name: str, way: Callable[[], None] = way) -> float:
            with _attached(side):
                return _per_run(side, name, way)

        try:
            fire(*ours)
            fire(*theirs)
        except _Silent:
            continue
        return fire
    raise _Silent(f"nothing done here fires {ours[0].session.programs[ours[1]].name}")


def _per_run(side: Side, program: str, act: Callable[[], None]) -> float:
    side.drain()
    before = _run_stats(side.fd(program))
    act()
    after = _run_stats(side.fd(program))
    runs = after[1] - before[1]
    if runs < _FEWEST_FIRED:
        raise _Silent(f"{program} ran {runs} times only")
    return (after[0] - before[0]) / runs


@contextmanager
def _attached(side: Side) -> Generator[None]:
    handles = [handle for handle in side.session.programs.values() if handle.hooked]
    try:
        for handle in handles:
            handle.attach()
        yield
    finally:
        for handle in handles:
            handle.detach()


@contextmanager
def _stats() -> Generator[None]:
    fds = Fds()
    bpf_open(fds, ENABLE_STATS, pack("<I", 0))
    try:
        yield
    finally:
        fds.close()


def _run_stats(fd: int) -> tuple[int, int]:
    """Nanoseconds and runs of a program so far: bpf_prog_info.run_time_ns, run_cnt."""
    info = buffer(_INFO_SIZE)
    bpf(INFO, pack("<2IQ", fd, _INFO_SIZE, address(info)))
    return unpack_from("<2Q", info.raw, _RUN_TIME_OFFSET)


# What fires hooks.


def _call(fd: int) -> None:
    """Runs of a syscall program, with a context of zeroes."""
    context = buffer(4096)
    place = address(context)
    for _ in range(500):
        attr = _TEST_ATTR.pack(fd, 0, 0, 0, 0, 0, 0, 0, len(context), 0, place, 0, 0, 0, 0)
        bpf(TEST_RUN, attr)


@contextmanager
def _echo() -> Generator[subprocess.Popen[bytes]]:
    """A process that sends back what it is sent: each turn is two wake-ups."""
    before = signal.signal(signal.SIGUSR1, lambda *_: None)
    pipe = subprocess.PIPE
    process = subprocess.Popen(["cat"], stdin=pipe, stdout=pipe, bufsize=0)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
        signal.signal(signal.SIGUSR1, before)


def _calls(echo: subprocess.Popen[bytes]) -> None:
    """Usual system calls, signals, datagrams, memory, and turns of two processes."""
    assert echo.stdin is not None
    assert echo.stdout is not None
    zero, null = os.open("/dev/zero", os.O_RDONLY), os.open("/dev/null", os.O_WRONLY)
    line = bytes(64)
    with socket.socket(type=socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        for _ in range(150):
            os.read(zero, 64)
            os.write(null, line)
            os.close(os.open("/etc/hostname", os.O_RDONLY))
            os.kill(os.getpid(), signal.SIGUSR1)
            peer.sendto(line, peer.getsockname())
            peer.recv(64)
            mmap(-1, 4096).write_byte(1)
            echo.stdin.write(b"x")
            echo.stdout.read(1)
    os.close(zero)
    os.close(null)


def _processes() -> None:
    """Processes that start, run another program and end; connections; a file on its disk."""
    with socket.create_server(("127.0.0.1", 0)) as server, TemporaryFile() as file:
        for _ in range(_FEWEST_FIRED):
            os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
            with socket.create_connection(server.getsockname()):
                server.accept()[0].close()
            file.write(b"x")
            os.fsync(file)
            sleep(0.001)
