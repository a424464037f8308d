"""Every error kring raises on purpose.

    KringError
    ├── CompileError(SyntaxError)         the user's program: file, line, column, caret, notes
    ├── DeclarationError(ValueError)      a declaration that can never work, raised on its own line
    ├── AsmError(ValueError)              assembler text
    ├── ObjectError(ValueError)           malformed bytecode, ELF or BTF
    ├── LoadError                         the running system refused
    │   ├── VerifierError                 … after reading the program
    │   ├── AttachError                   … to connect it to its hook
    │   ├── NotPermitted(PermissionError) … for want of a capability
    │   └── NotSupported                  … because this kernel lacks the feature
    ├── VmError                           a fault of a program in the embedded VM
    ├── StreamError                       ring memory that no kernel would write
    ├── NotLive(TypeError)                a declaration or program name used as if it were running
    └── InternalError                     our bug

    KringWarning(UserWarning)             done in another way than was asked for, and how

An error says what, where, what was found and wanted, and what to do. `InternalError` is never the
user's fault; everything else is never ours.
"""

from __future__ import annotations


class KringError(Exception):
    """Base of everything below."""


class CompileError(KringError, SyntaxError):
    """A program the compiler refuses, shown by Python itself with its line and caret.

    `notes` say what is allowed and what to write instead; `others` are independent errors found
    after this one, which Python shows below it, and `more` counts those beyond them.
    """

    notes: tuple[str, ...]
    others: tuple[CompileError, ...]
    more: int

    def __init__(
        self,
        message: str,
        place: tuple[str, int, int, str, int, int] | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        """`place` is (file, line, column, text of the line, end line, end column), all from 1."""
        if place is None:
            super().__init__(message)
        else:
            super().__init__(message, place)
        self.notes = notes
        self.others = ()
        self.more = 0
        for note in notes:
            self.add_note(f"  {note}")


class DeclarationError(KringError, ValueError):
    """A declaration whose numbers or names can never work."""


class AsmError(KringError, ValueError):
    """Assembler text that names no instruction."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.line = line


class ObjectError(KringError, ValueError):
    """Bytes that are not the object, BTF or bytecode they claim to be."""


class LoadError(KringError):
    """A map, program or link the running system refused; `errno` is its answer, 0 if none."""

    errno: int | None

    def __init__(self, message: str, errno: int = 0) -> None:
        super().__init__(message)
        self.errno = errno


class VerifierError(LoadError):
    """A program the kernel's verifier refused; `log` is everything it said."""

    def __init__(self, message: str, errno: int = 0, log: str = "") -> None:
        super().__init__(message, errno)
        self.log = log


class AttachError(LoadError):
    """A loaded program that could not be connected to its hook."""


class NotPermitted(LoadError, PermissionError):
    """A call refused for want of privilege; the message names the capability and the cure."""

    def __init__(self, message: str, errno: int = 0) -> None:
        LoadError.__init__(self, message, errno)


class NotSupported(LoadError):
    """A feature this kernel, or the VM, does not have."""


class VmError(KringError):
    """A fault of a program in the embedded VM.

    `slot` counts 8-byte instruction slots from the program's start; `address` is the one accessed,
    `line` the user's source line if the program carries line information.
    """

    def __init__(
        self, message: str, slot: int = -1, address: int | None = None, line: str = ""
    ) -> None:
        super().__init__(message)
        self.slot = slot
        self.address = address
        self.line = line


class StreamError(KringError):
    """Ring memory that breaks its own rules: a length or position no kernel would write."""


class NotLive(KringError, TypeError):
    """A declaration, or a name that means something only inside a program, used as if it ran."""


class InternalError(KringError):
    """A bug in kring; please report it with the program that shows it."""


class KringWarning(UserWarning):
    """What was asked for cannot be, and something close to it was done."""
