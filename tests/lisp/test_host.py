"""The evaluator of macros: expressions and their values, expansions, and errors with two places."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from kring.errors import CompileError
from kring.frontend.lisp.forms import show
from kring.frontend.lisp.host import Host
from kring.frontend.lisp.reader import read

TABLE = Path(__file__).with_name("values.lisp")


def rows(text: str) -> list[tuple[str, str]]:
    """The forms of the table, and the value of each."""
    starts = [0, *(at + 1 for at, letter in enumerate(text) if letter == "\n")]
    written = [
        text[starts[s.line - 1] + s.column - 1 : starts[s.end_line - 1] + s.end_column - 1]
        for _, s in read(text, "values.lisp")
    ]
    assert set(written[1::3]) == {"=>"}
    return list(zip(written[::3], written[2::3], strict=True))


def evaluated(text: str) -> str:
    host, value = Host("x.lisp"), None
    for form, span in read(text, "x.lisp"):
        value = host.evaluate(form, span)
    return show(value)


ROWS = rows(TABLE.read_text())


@pytest.mark.parametrize(("text", "value"), ROWS, ids=[text[:60] for text, _ in ROWS])
def test_a_form_has_its_value(text: str, value: str) -> None:
    if value == "!!":
        with pytest.raises(CompileError):
            evaluated(text)
    else:
        assert evaluated(text) == show(read(value, "x.lisp")[0].form)


@pytest.mark.peer
def test_the_table_is_true_of_another_lisp(tmp_path: Path) -> None:
    """The same forms, evaluated and written by SBCL."""
    sbcl = shutil.which("sbcl")
    if sbcl is None:
        pytest.skip("there is no sbcl")
    forms = "\n".join(f"(show-value '{text})" for text, _ in ROWS)
    script = tmp_path / "table.lisp"
    script.write_text(f"{SHOW_VALUE}\n{forms}\n")
    done = subprocess.run(
        [sbcl, "--script", str(script)], capture_output=True, text=True, check=True, timeout=60
    )
    shown = [part.strip() for part in done.stdout.split("\x1f")[1:]]
    assert len(shown) == len(ROWS)
    for (text, value), other in zip(ROWS, shown, strict=True):
        expected = value if value == "!!" else show(read(value, "x.lisp")[0].form)
        again = other if other == "!!" else show(read(other, "x.lisp")[0].form)
        assert again == expected, text


SHOW_VALUE = """
(defun show-value (form)
  (format t "~a~a" (code-char 31)
    (handler-case (let ((value (handler-bind ((warning #'muffle-warning)) (eval form))))
                    (let ((*print-case* :downcase) (*print-pretty* nil))
                      (prin1-to-string value)))
      (error () "!!"))))
"""
