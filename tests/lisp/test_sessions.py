"""Files whose programs stand in a loader's code: what is declared is built, the rest not run."""

from __future__ import annotations

import pytest

from kring import Vm, load
from kring.build import compile_all
from kring.errors import CompileError
from kring.frontend.lisp.toplevel import programs_of
from kring.frontend.module import Module
from kring.obj.object import Object

DECLARED = """
  (bpf:map seen :type :array :key-size 4 :value-size 8 :max-entries 2)
  (bpf:prog watch (:type :xdp :license "GPL")
    (incf (getmap seen +slot+))
    xdp_pass)
"""
INLINE = f"""
(require :asdf)
(defconstant +slot+ 1)
(whistler/loader:with-bpf-session ()
  {DECLARED}
  (bpf:attach watch "lo")
  (loop (sleep 1) (format t "~d~%" (bpf:map-ref seen 1))))
"""
IN_A_FUNCTION = f"""
(defparameter *names* #("a" "b"))
(defun name (n) (aref *names* n))
(defconstant +slot+ (1- (length (name 0))))
(defconstant +other+ (length *names*))
(defun watch-it (&optional (interface "lo"))
  (format t "loading~%")
  (let ((shown 0))
    (with-bpf-session ()
      {DECLARED.replace("+slot+", "(- +other+ 1)")}
      (bpf:attach watch interface))))
(defun main () (print (name 0)) (watch-it))
(unless (member "--build" sb-ext:*posix-argv* :test #'string=)
  (main))
"""
BESIDE = f"""
(defconstant +slot+ 1)
{DECLARED.replace("bpf:map", "defmap").replace("bpf:prog", "defprog")}
(compile-to-elf "/tmp/out.bpf.o")
(format t "built~%")
(whistler/loader:with-bpf-object (obj "/tmp/out.bpf.o")
  (attach-obj-xdp obj "watch" "lo"))
"""


def built(text: str) -> tuple[Object, Module]:
    return compile_all(programs_of(text, "test.lisp"))


@pytest.mark.parametrize("text", [INLINE, IN_A_FUNCTION, BESIDE])
def test_what_a_session_declares_is_built(text: str) -> None:
    obj, module = built(text)
    (note,) = module.notes
    line = next(at for at, line in enumerate(text.split("\n"), 1) if "with-bpf-" in line)
    assert note.startswith(f"test.lisp:{line}:")
    assert "is not run" in note
    with load(obj, on=Vm(), attach=False) as s:
        assert s.programs["watch"].run(b"\0" * 64).value == 2
        assert list(s.maps["seen"].values()) == [0, 1]


def test_what_is_wrong_in_a_session_is_said_at_its_place() -> None:
    with pytest.raises(CompileError, match="no map is called saen") as caught:
        built(INLINE.replace("getmap seen", "getmap saen"))
    assert caught.value.lineno == 8


def test_a_kernel_function_is_no_helper() -> None:
    with pytest.raises(CompileError, match="bpf-task-from-pid") as caught:
        built("(defprog p (:type :xdp) (bpf-task-from-pid 1))")
    assert "kfuncs" in caught.value.notes[0]
