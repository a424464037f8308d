"""Programs that the docs show compile."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kring import Program, build
from kring import open as open_file
from kring.frontend.lisp import expressions, headers, toplevel
from kring.frontend.lisp.constants import CONSTANTS

ROOT = Path(__file__).parent.parent
PAGES = "README.md", "docs/language.md"


def _sections() -> Iterator[tuple[str, str]]:
    """Each section with programs: where it is, and its Python blocks as one module."""
    for page in PAGES:
        for section in re.split(r"^## ", (ROOT / page).read_text(), flags=re.M):
            code = "\n".join(re.findall(r"^```python\n(.*?)^```$", section, flags=re.M | re.S))
            if re.search(r"^@", code, flags=re.M):
                yield f"{page}: {section.splitlines()[0]}", code


SECTIONS = dict(_sections())


def test_there_are_some() -> None:
    assert len(SECTIONS) > 10


@pytest.mark.parametrize("where", SECTIONS)
def test_it_builds(where: str, tmp_path: Path) -> None:
    path = tmp_path / "shown.py"
    path.write_text(f"from kring import *\n{SECTIONS[where]}")
    spec = importlib.util.spec_from_file_location("shown", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    programs = [value for value in vars(module).values() if isinstance(value, Program)]
    assert programs
    build(*programs)


def _lisp() -> Iterator[tuple[str, str]]:
    """Each section that has programs in Lisp, as one file."""
    pages = [(ROOT / page).read_text() for page in ("README.md", "docs/lisp.md")]
    for section in re.split(r"^## ", "\n## ".join(pages), flags=re.M):
        code = "\n".join(re.findall(r"^```lisp\n(.*?)^```$", section, flags=re.M | re.S))
        if code:
            yield section.splitlines()[0], code


LISP = dict(_lisp())


@pytest.mark.parametrize("where", LISP)
def test_the_lisp_builds(where: str, tmp_path: Path) -> None:
    path = tmp_path / "shown.lisp"
    path.write_text(LISP[where])
    assert open_file(path).programs


def test_the_page_on_lisp_has_every_form() -> None:
    words = set(re.findall(r"[^\s`()|,;]+", (ROOT / "docs/lisp.md").read_text().lower()))
    words |= {f"pt-regs-parm{at}" for at in range(1, 7)}  # the page has the first and the last
    late = {*expressions.LATER.values(), *toplevel.LATER.values()}
    for module in ("kring.frontend.lisp.compile", *late):
        importlib.import_module(module)
    fields = {
        f"{header}-{field.split()[0]}": field.split()[0]
        for header, row in headers.HEADERS.items()
        for field in row.split(", ")
    }
    forms = {*expressions.FORMS, *toplevel.TOPLEVEL, *CONSTANTS, *headers.LIBRARY} - set(fields)
    assert not forms - words
    assert not set(fields.values()) - {word.rstrip("*") for word in words}
