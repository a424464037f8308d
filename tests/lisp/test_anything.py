"""Whatever forms are put into each other, the compiler builds them or says what is wrong where."""

from __future__ import annotations

import importlib
from random import Random

import pytest

from kring.abi.helpers import HELPERS
from kring.build import compile_all
from kring.errors import CompileError
from kring.frontend.lisp import expressions
from kring.frontend.lisp.packets import ROWS
from kring.frontend.lisp.toplevel import programs_of

FILE = """
(defmap h :type :hash :key-size 4 :value-size 8 :max-entries 4)
(defmap big :type :hash :key-size 16 :value-size 32 :max-entries 4)
(defmap arr :type :array :key-size 4 :value-size 4 :max-entries 4)
(defmap ring :type :ringbuf :max-entries 4096)
(defmap pe :type :perf-event-array)
(defmap jumps :type :prog-array :key-size 4 :value-size 4 :max-entries 4)
(defstruct ev (a u32) (b u64) (c (array u8 16)) (e u16))
"""
LEAVES = [
    "0", "1", "8", "16", "-1", "nil", "x", "y", "z", "p", "m", "d", "e", "ring", "h", "xdp_pass",
    "#xffffffff", '"s"', "(ctx-ptr)", "(struct-alloc 16)", "(make-ev)", "(map-lookup h 1)",
    "(getmap arr 0)", "(ktime-get-ns)", "(get-current-task-btf)", "(get-current-task)",
    "(ctx u32 0)", "(sizeof ev)", "(stack-addr x)", "(ringbuf-reserve ring 8 0)",
]  # fmt: skip
OF = {
    "xdp": ["(ctx data)", "(ctx data-end)", "(ctx data-meta)"],
    "tc": ["(ctx data)", "(ctx data-end)", "(ctx sk)", "(ctx mark)"],
    "raw_tp": ["(ctx u64 0)"],
    "tp_btf/sched_switch": ["(ctx u64 8)"],
    "kprobe/f": ["(pt-regs-parm1)"],
    "cgroup/connect4": ["(ctx sk)", "(ctx user-ip4)"],
    "syscall": ["(ctx u64 0)"],
}
"""What the context of some programs gives."""
WORDS = {
    "type": ["u8", "u16", "u32", "u64"], "map": ["h", "big", "arr"], "offset": ["0", "4", "8"],
    "size": ["8", "16", "(sizeof ev)"], "STRUCT": ["ev"], "FIELD": ["a", "b", "c", "data", "mark"],
    "variable": ["x"], "prog-array": ["jumps"], "ctx": ["(ctx-ptr)"], "str": ['"x"'],
    "place": ["x", "y", "(ev-a m)", "(getmap h 1)", "(ctx mark)"],
    **{kind: ["m", "p", "(struct-alloc 32)"] for kind in ("in", "out", "pointer", "into", "key")},
}  # fmt: skip
for module in set(expressions.LATER.values()):
    importlib.import_module(module)
FORMS = {
    **{name: rule.usage for name, rule in (*expressions.FORMS.items(), *ROWS.items())},
    **{
        name.replace("_", "-"): " ".join(helper.args)
        for name, helper in HELPERS.items()
        if name.replace("_", "-") not in expressions.FORMS
    },
    "ev-a": "pointer", "ev-c": "pointer [index]", "ev-c-ptr": "pointer",
}  # fmt: skip
PROGRAMS, TOGETHER = 8, 50


class Author:
    """Writes forms that need not make sense."""

    def __init__(self, random: Random, section: str) -> None:
        self.random = random
        self.leaves = [*LEAVES, *OF[section] * 3]

    def form(self, depth: int) -> str:
        if depth <= 0 or self.random.random() < 0.3:
            return self.random.choice(self.leaves)
        name = self.random.choice(list(FORMS))
        return f"({' '.join([name, *self.operands(name, depth - 1)])})"

    def operands(self, name: str, depth: int) -> list[str]:
        if name.startswith("with-"):
            names = ["d", "e", "header"][: 3 if FORMS[name].count(" ") > 3 else 2]
            spec = "(r ring 32)" if name == "with-ringbuf" else f"({' '.join(names)})"
            return [spec, self.form(depth)]
        found: list[str] = []
        for word in FORMS[name].split():
            if word.startswith("[") and self.random.random() < 0.4:
                break
            known = WORDS.get(word.strip("[]()…"))
            sane = self.random.random() < 0.85
            found.append(self.random.choice(known) if known and sane else self.form(depth))
        return found


@pytest.mark.parametrize("seed", range(PROGRAMS))
def test_an_object_or_an_error_at_its_place(seed: int) -> None:
    random = Random(seed)
    for _ in range(TOGETHER):
        section = random.choice(list(OF))
        author = Author(random, section)
        body = "\n".join(author.form(3) for _ in range(random.randint(1, 3)))
        packet = "(ctx data)" in OF[section]
        bounds = "(d (ctx data)) (e (ctx data-end))" if packet else "(d 0) (e 0)"
        text = f"""{FILE}(defprog p (:section "{section}")
            (let ((x 5) (y (ktime-get-ns)) (z u32 (get-prandom-u32)) (m (make-ev))
                  (p (map-lookup big (struct-alloc 16))) {bounds})
              {body}
              1))"""
        placed: int | None = 1
        try:
            compile_all(programs_of(text, "test.lisp"))
        except CompileError as error:
            placed = error.lineno
        except Exception as error:
            raise AssertionError(text) from error
        assert placed, text
