"""Programs with very many keys: what is shared on the stack leaves room for the rest."""

from __future__ import annotations

from kring.build import compile_all
from kring.frontend.lisp.toplevel import programs_of

MAP = "(defmap out :type :array :key-size 4 :value-size 8 :max-entries 128)"


def test_keys_that_come_again_do_not_fill_the_stack() -> None:
    pairs = ((at % 100, at * 7 % 100) for at in range(200))
    uses = "".join(f"(incf (getmap out {one}) (getmap out {two}))" for one, two in pairs)
    text = f"{MAP}(defprog many (:type :xdp) {uses} XDP_PASS)"
    obj, _ = compile_all(programs_of(text, "many.lisp"))
    assert obj.program("many").slots < 6000
