"""A user's file, imported for the programs in it.

In:  the path of a Python file, and what its `sys.argv` holds after the name.
Out: `programs_in(path)`, its module-level programs in the order of the file.
Rule: a fault of the file is shown as Python shows it, without our own frames.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from types import ModuleType

from kring.decl.programs import Program
from kring.errors import CompileError, KringError


def programs_in(path: str, args: Sequence[str] = ()) -> list[Program]:
    """The programs that are names of the module, each once.

    Raises: OSError; SystemExit with what to show of a file that is no Python, fails, or has no
    program; CompileError.
    """
    module = module_of(path, args)
    found = {id(value): value for value in vars(module).values() if isinstance(value, Program)}
    if not found:
        raise SystemExit(
            f"no program in {path}: mark a function at module level with a decorator, as in"
            ' @tracepoint("sched:sched_process_exec")'
        )
    return list(found.values())


def module_of(path: str, args: Sequence[str] = ()) -> ModuleType:
    """The module of the file, once it has run.

    Raises: OSError; SystemExit with what to show; CompileError.
    """
    with open(path, "rb") as file:
        source = file.read()
    try:
        code = compile(source, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        place = isinstance(error, SyntaxError) and error.filename
        text = _shown(path, error) if place else str(error)
        raise SystemExit(f"{path} is not Python:\n{text}") from None
    stem = os.path.basename(path).partition(".")[0]
    module = ModuleType(stem if stem not in sys.modules else f"{stem}_")
    module.__file__ = path
    # What the file defines looks its module up by name: its own dataclasses do.
    sys.modules[module.__name__] = module
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    sys.argv = [path, *args]
    try:
        exec(code, module.__dict__)
    except CompileError:
        raise
    except Exception as error:
        raise SystemExit(_shown(path, error)) from None
    return module


def _shown(path: str, error: Exception) -> str:
    """The error with the file's frames: of an error of ours those only, else what they called."""
    from traceback import extract_tb, format_exception_only, format_list

    frames = list(extract_tb(error.__traceback__))
    while frames and frames[0].filename != path:
        frames.pop(0)
    if isinstance(error, KringError):
        frames = [frame for frame in frames if frame.filename == path]
    return "".join([*format_list(frames), *format_exception_only(error)]).rstrip()
