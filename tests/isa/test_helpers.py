"""The tables of helpers: they are what the script makes, and what the kernel has."""

from __future__ import annotations

import importlib.util
import inspect
import os
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from kring import NotLive, helpers
from kring.abi.helper_rows import ROWS
from kring.abi.helper_use import RELEASE, USE
from kring.abi.helpers import CHANGES_PACKET, HELPERS, KEEPS_CTX, READS_PACKET
from kring.abi.uapi import MapType
from kring.ir.passes.dce import STABLE

SCRIPT = Path(__file__).parents[2] / "scripts" / "helpers"
HEADER_VERSION = "6.1"
"""Of linux-libc-dev, from which the committed tables were made."""


def script() -> ModuleType:
    loader = SourceFileLoader("make_helpers", str(SCRIPT))
    spec = importlib.util.spec_from_loader("make_helpers", loader)
    assert spec is not None
    module = sys.modules["make_helpers"] = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def header_version() -> str:
    shown = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", "linux-libc-dev"], capture_output=True, text=True
    )
    return ".".join(shown.stdout.split(".")[:2])


def test_the_committed_files_are_what_the_script_makes() -> None:
    module = script()
    if not Path(module.HEADER).exists():
        pytest.skip("no <linux/bpf.h> here")
    if header_version() != HEADER_VERSION:
        pytest.skip(f"linux-libc-dev is {header_version()}; the tables are of {HEADER_VERSION}")
    for path, text in module.generated().items():
        assert path.read_text() == text, f"run scripts/helpers: {path} differs"


@pytest.mark.kernel
def test_who_may_call_what_is_what_this_kernel_says() -> None:
    if os.uname().release != RELEASE:
        pytest.skip(f"the table is of Linux {RELEASE}, this is {os.uname().release}")
    if os.geteuid():
        pytest.skip("asking the verifier takes root")
    assert script().use() == (SCRIPT.parents[1] / "src/kring/abi/helper_use.py").read_text()


def test_every_helper_is_there_once_by_name_and_number() -> None:
    assert len(HELPERS) == len(ROWS.splitlines()) == 211
    assert [helper.id for helper in HELPERS.values()] == list(range(1, 212))
    assert all(HELPERS.by_id(helper.id) is helper for helper in HELPERS.values())
    assert HELPERS.by_id(0) is HELPERS.by_id(212) is None
    assert HELPERS.get("no_such") is None
    assert "no_such" not in HELPERS


def test_sizes_follow_their_buffers_and_maps_have_types_that_exist() -> None:
    for helper in HELPERS.values():
        assert len(helper.args) <= 5
        for at, kind in enumerate(helper.args):
            if kind == "size" and helper.name != "ringbuf_reserve":
                assert helper.args[at - 1] in ("in", "out", "inout", "kept"), helper
            if kind == "map":
                assert all(
                    name in MapType.__members__ for name in helper.more[at].split("|") if name
                )


def test_lists_of_names_name_helpers() -> None:
    for names in (KEEPS_CTX, CHANGES_PACKET, READS_PACKET, STABLE):
        assert names <= set(HELPERS)
    assert not KEEPS_CTX & CHANGES_PACKET
    assert all("ctx" in HELPERS[name].args for name in KEEPS_CTX)


@pytest.mark.parametrize("name", list(HELPERS))
def test_every_helper_is_a_function_that_runs_in_programs_only(name: str) -> None:
    function: Any = getattr(helpers, name)
    wanted = [param.rstrip("_") for param in inspect.signature(function).parameters]
    assert wanted == [param.rstrip("_") for param in HELPERS[name].params]
    assert f"bpf_{name}(" in (inspect.getdoc(function) or "")
    with pytest.raises(NotLive, match=rf"{name}\(\) means something only inside a program"):
        function(*(0 for _ in HELPERS[name].params))


def test_kinds_of_programs_differ_in_what_they_may_call() -> None:
    redirect, task = HELPERS["redirect"].id, HELPERS["get_current_task"].id
    assert USE["XDP"] >> redirect & 1
    assert not USE["TRACEPOINT"] >> redirect & 1
    assert USE["TRACEPOINT"] >> task & 1
