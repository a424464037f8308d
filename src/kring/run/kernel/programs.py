"""Programs in the kernel: loaded, explained when refused, test-run.

In: a `Program` spec and its code with this system's descriptors in it. Out: a `KernelProgram`.
The first attempt asks for no log: a log buffer that is too small fails a valid program.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from errno import EAGAIN, EINVAL, ENOSPC, EPERM
from typing import TYPE_CHECKING

from kring.abi.programs import Kind
from kring.abi.uapi import ProgType
from kring.errors import AttachError, LoadError, NotSupported
from kring.obj.object import Program
from kring.run.kernel import syscall
from kring.run.kernel.maps import kernel_name
from kring.run.kernel.privilege import needs, not_permitted
from kring.run.kernel.syscall import Buffer, Fds, address, bpf_open, buffer
from kring.run.kernel.types import ObjectTypes
from kring.run.spec import kind_of
from kring.run.target import ANYWHERE, Hook, Link, RunResult
from kring.spelling import article

if TYPE_CHECKING:
    from kring.run.info import ProgramInfo, ProgramStats

_SMALLEST_LOG = 1 << 18
_LARGEST_LOG = 1 << 26
"""What a program that takes a million steps fills; the kernel then keeps the end."""
_FUNC_INFO = struct.Struct("<2I")
_LINE_INFO = struct.Struct("<4I")
_LINE_COLUMN_BITS = 10
_INTERRUPTED_LOADS = 5

_RETURNS = tuple(bytes((0xB7, 0, 0, 0, result, 0, 0, 0, 0x95, *bytes(7))) for result in range(2))
"""Programs that do nothing but return 0, or 1."""

# Asks the kernel once, with room for the verifier's log or without, and returns a descriptor.
Attempt = Callable[[Buffer | None], int]


def load(
    fds: Fds,
    program: Program,
    code: bytes,
    license: str,
    types: ObjectTypes,
    attach: Callable[[KernelProgram, Hook], Link],
    iterate: Callable[[KernelProgram, Hook], bytes],
    place: Callable[[Program, Kind, str], tuple[int, int]],
) -> KernelProgram:
    """The program, accepted by the verifier; `attach` and `iterate` are what its methods `attach`
    and `read` do, `place` gives its attach type and the id in the kernel's types of what it is part
    of.

    Raises: VerifierError with the log, NotPermitted, or LoadError.
    """
    kind, target = kind_of(program)
    _check_target(program, kind, target)
    where, part_of = place(program, kind, target)
    attempt = _attempt(fds, program, kind, where, part_of, code, license, types)
    try:
        fd = _load_quietly(attempt, program, kind)
    except LoadError as error:
        if types.refused:
            error.add_note(f"  {types.refused}")
        raise
    return KernelProgram(program, kind, fd, attach, iterate)


def _check_target(program: Program, kind: Kind, target: str) -> None:
    """Refuse a program that must know its function at load, and does not."""
    if kind.type == ProgType.EXT:
        raise NotSupported(
            f'"{program.name}" replaces a function of another program (freplace), which kring does'
            " not do"
        )
    if kind.typed and not target:
        raise AttachError(
            f'"{program.name}": section {program.section!r} names no function, and'
            f" {article(kind.name)} program is loaded for one: {program.section}/NAME"
        )


def _attempt(
    fds: Fds,
    program: Program,
    kind: Kind,
    where: int,
    part_of: int,
    code: bytes,
    license: str,
    types: ObjectTypes,
) -> Attempt:
    functions, lines = _function_info(program, types), _line_info(program, types)
    btf_fd = types.fd() if functions or lines else 0
    if not btf_fd:
        functions = lines = b""
    texts = (code, license.encode() + b"\0", functions, lines)
    code_at, license_at, functions_at, lines_at = [buffer(text) for text in texts]

    def attempt(log: Buffer | None) -> int:
        attr = struct.pack(
            "<2I2Q2IQ2I16s4IQ2IQ2I",
            kind.type,
            len(code) // 8,
            address(code_at),
            address(license_at),
            1 if log else 0,
            len(log) if log else 0,
            address(log),
            0,
            kind.flags,
            kernel_name(program.name),
            0,
            where,
            btf_fd,
            _FUNC_INFO.size,
            address(functions_at),
            len(functions) // _FUNC_INFO.size,
            _LINE_INFO.size,
            address(lines_at),
            len(lines) // _LINE_INFO.size,
            part_of,
        )
        return bpf_open(fds, syscall.PROG_LOAD, attr)

    return attempt


def _load_quietly(attempt: Attempt, program: Program, kind: Kind) -> int:
    errno = EAGAIN
    for _ in range(_INTERRUPTED_LOADS):
        try:
            return attempt(None)
        except OSError as error:
            errno = error.errno or 0
            # A signal came while the verifier was at work: Python has handled it by now.
            if errno != EAGAIN:
                break
    return _load_with_log(attempt, program, kind, errno)


def _load_with_log(attempt: Attempt, program: Program, kind: Kind, errno: int) -> int:
    size = _SMALLEST_LOG
    while True:
        log = buffer(size)
        try:
            return attempt(log)
        except OSError as error:
            if error.errno != ENOSPC or size == _LARGEST_LOG:
                raise _refused(program, kind, errno, log) from None
        size = _LARGEST_LOG


def _refused(program: Program, kind: Kind, errno: int, log: Buffer) -> LoadError:
    said = log.value.decode(errors="replace")
    if errno == EPERM and not said.strip():
        return not_permitted(f'loading "{program.name}"', needs(kind.type), errno)
    if errno == EINVAL and not said.strip() and not _known(kind, program):
        return NotSupported(
            f'EINVAL: loading "{program.name}": this kernel has no {kind.name} programs', errno
        )
    from kring.run.kernel.verdict import refused

    return refused(program, errno, said)


def _known(kind: Kind, program: Program) -> bool:
    """Whether the kernel takes any program of this kind; only asked after one was refused."""
    where = kind.attach_type(kind_of(program)[1])
    fds = Fds()
    try:
        for code in _RETURNS:
            bare = Program("", "", code)
            try:
                _attempt(fds, bare, kind, where, 0, code, "GPL", ObjectTypes(fds, b""))(None)
            except OSError:
                continue
            return True
        return kind.typed
    finally:
        fds.close()


def _function_info(program: Program, types: ObjectTypes) -> bytes:
    """struct bpf_func_info for each function; empty unless all have a type."""
    if not types or not all(function.type_id for function in program.functions):
        return b""
    return b"".join(_FUNC_INFO.pack(f.slot, f.type_id) for f in program.functions)


def _line_info(program: Program, types: ObjectTypes) -> bytes:
    """struct bpf_line_info for each line; empty unless every function's first slot has one."""
    starts = {0, *(function.slot for function in program.functions)}
    if not types or not starts <= {line.slot for line in program.lines}:
        return b""
    rows: list[bytes] = []
    for line in program.lines:
        file, text = types.string(line.file), types.string(line.line_text)
        if file is None or text is None:
            return b""
        column = min(line.column, (1 << _LINE_COLUMN_BITS) - 1)
        rows.append(_LINE_INFO.pack(line.slot, file, text, line.line << _LINE_COLUMN_BITS | column))
    return b"".join(rows)


class KernelProgram:
    """A program the verifier accepted; its descriptor belongs to the runtime that loaded it."""

    __slots__ = ("_attach", "_iterate", "fd", "kind", "spec")

    def __init__(
        self,
        spec: Program,
        kind: Kind,
        fd: int,
        attach: Callable[[KernelProgram, Hook], Link],
        iterate: Callable[[KernelProgram, Hook], bytes],
    ) -> None:
        self.spec = spec
        self.kind = kind
        self.fd = fd
        self._attach = attach
        self._iterate = iterate

    def attach(self, hook: Hook = ANYWHERE) -> Link:
        """Connect the program to the hook that its section and `hook` name.

        Raises: AttachError, NotPermitted.
        """
        return self._attach(self, hook)

    def run(self, data: bytes = b"", ctx: bytes = b"", repeat: int = 1) -> RunResult:
        """What the program made of `data` (a packet) and `ctx` (its context's bytes).

        Raises: NotSupported for a kind the kernel cannot test-run, LoadError if it refuses these
        arguments.
        """
        fd = self._open_fd()
        from kring.run.kernel.testrun import test_run

        return test_run(fd, self.spec.name, self.kind, data, ctx, repeat)

    def read(self, hook: Hook = ANYWHERE) -> bytes:
        """What an iterator writes, run for the objects of its kind that `hook` names.

        Raises: AttachError for a program that is none.
        """
        return self._iterate(self, hook)

    def info(self) -> ProgramInfo:
        """What the kernel knows of the program."""
        from kring.run.kernel.info import program_info

        return program_info(self._open_fd())

    def stats(self) -> ProgramStats:
        """How often the program ran, as far as anybody counted."""
        from kring.run.kernel.info import program_stats

        return program_stats(self._open_fd())

    def pin(self, path: str) -> None:
        """Give the program a name that keeps it loaded; what it is attached to is another's."""
        from kring.run.kernel.pin import pin

        pin(self._open_fd(), path)

    def unpin(self, path: str) -> None:
        from kring.run.kernel.pin import unpin

        unpin(path)

    def _open_fd(self) -> int:
        if self.fd < 0:
            raise LoadError(f'program "{self.spec.name}" is gone: its session has ended')
        return self.fd

    def forget(self) -> None:
        """Give the descriptor up: its number may soon name another file."""
        self.fd = -1
