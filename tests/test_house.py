"""The shape of the house: which room may import which, and what the front door offers."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import kring

HOUSE = Path(kring.__file__).parent
ROOMS = ["abi", "btf", "decl", "frontend", "ir", "lower", "obj", "run", "stream", "tools"]
GROUND = ["errors", "record", "spelling"]
"""Modules that import nothing of kring and that every room may import."""
MACHINE = ["/system", "ctypes", "fcntl", "mmap", "select", "selectors", "socket"]
MODULES = sorted(HOUSE.rglob("*.py"))


def used(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of everything a module imports, inside functions included, and what it
    names of /sys and /proc."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno}: write the absolute name"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Constant) and str(node.value).startswith(("/sys", "/proc")):
            yield node.lineno, "/system"


def allowed(room: str, name: str) -> bool:
    """Whether a module of `room` may use what is called `name`.

    Facades, which belong to no room, may import anything; tools what users may.
    """
    top, *rest = name.split(".")
    if top in MACHINE:
        return room not in ROOMS or room in ("run", "tools")
    if top != "kring" or (room not in ROOMS and room not in GROUND):
        return True
    other = rest[0]
    if other in GROUND:
        return room not in GROUND
    if room == "tools":
        return other == "tools" or (rest == [other] and other in kring.__all__)
    if other not in ROOMS or room in GROUND:
        return False
    return ROOMS.index(other) <= ROOMS.index(room) or (room, other) == ("frontend", "ir")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_module_uses_only_what_its_room_may(path: Path) -> None:
    room = path.relative_to(HOUSE).parts[0].removesuffix(".py")
    wrong = [f"{path}:{line}: {name}" for line, name in used(path) if not allowed(room, name)]
    assert not wrong, "\n".join(wrong)


def test_every_room_says_what_comes_in_and_goes_out() -> None:
    assert sorted(ROOMS) == sorted(path.parent.name for path in HOUSE.glob("*/__init__.py"))
    for room in ROOMS:
        assert ast.get_docstring(ast.parse((HOUSE / room / "__init__.py").read_text())), room


def test_the_public_names_are_all_there_and_all_listed() -> None:
    assert len(set(kring.__all__)) == len(kring.__all__)
    found = {name: getattr(kring, name) for name in kring.__all__}
    assert all(value is not None for value in found.values())
    tree = ast.parse((HOUSE / "__init__.py").read_text())
    offered = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("kring.")
        for alias in node.names
    }
    assert offered == {*found, "open"}


def test_tests_have_names_of_their_own() -> None:
    """pytest imports each as a module of its name, and refuses a second one."""
    names = Counter(path.name for path in Path(__file__).parent.rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []
