"""Wrong programs and what their authors see: each file beside its `.err`; `--bless` rewrites.

A file is imported, then its programs are built; `# load` as its first line loads and attaches them
too, `# enter:` runs that statement with everything of the file in reach.
"""

from __future__ import annotations

import re
import runpy
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

import kring
from kring.errors import NotPermitted

HERE = Path(__file__).parent
FILES = sorted(path for path in HERE.glob("*.py") if not path.name.startswith("test_"))
LIVE = [path for path in FILES if path.read_text().startswith("# load")]
LISP = sorted(HERE.glob("lisp/*.lisp"))


def seen(path: Path) -> str:
    """What Python prints of the error, with the place in the user's file only."""
    try:
        if path in LISP:
            kring.open(path)
            raise AssertionError(f"{path} is not wrong")
        names = runpy.run_path(str(path))
        programs = [value for value in names.values() if isinstance(value, kring.Program)]
        first = path.read_text().splitlines()[0]
        if first.startswith("# enter:"):
            exec(compile(first.removeprefix("# enter:").strip(), "<the user>", "exec"), names)
        elif path in LIVE:
            with kring.load(*programs):
                pass
        else:
            kring.build(*programs)
    except (NotPermitted, AssertionError):
        raise
    except Exception as error:
        return shown(error, path)
    raise AssertionError(f"{path} is not wrong")


def shown(error: BaseException, path: Path) -> str:
    """The error's last traceback entry in the user's file, if Python would show it, and itself."""
    lines = traceback.format_exception_only(error)
    if not isinstance(error, SyntaxError):
        own = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
        lines = [*traceback.format_list(own[-1:]), *lines]
    text = "".join(lines).replace(f"{path.parent}/", "")
    return re.sub(r"log, \d+ lines", "log, N lines", text)


@pytest.mark.parametrize(
    "path", [path for path in [*FILES, *LISP] if path not in LIVE], ids=lambda p: p.stem
)
def test_error(path: Path, bless: Callable[[Path, str], None]) -> None:
    bless(path.with_suffix(".err"), seen(path))


@pytest.mark.kernel
@pytest.mark.parametrize("path", LIVE, ids=lambda p: p.stem)
def test_error_at_load(path: Path, bless: Callable[[Path, str], None]) -> None:
    try:
        text = seen(path)
    except NotPermitted as error:
        pytest.skip(str(error))
    bless(path.with_suffix(".err"), text)
