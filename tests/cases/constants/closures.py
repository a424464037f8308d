"""Values of the module, of a closure and of objects become constants."""
# run: seven() -> out=[7, 3, 5, 16, 9, 1]
# run: nine() -> out=[9, 3, 5, 16, 9, 1]
from enum import IntEnum
from types import SimpleNamespace

from kring import Array, Program, Struct, i64, sizeof, syscall, u32, u64

THREE = 3
settings = SimpleNamespace(limit=5, deeper=SimpleNamespace(limit=9))
out = Array[i64](6)


class Color(IntEnum):
    RED = 1


class Sized(Struct):
    a: u32
    b: u64


def make(n: int) -> Program:
    @syscall
    def program() -> None:
        out[0] = n
        out[1] = THREE
        out[2] = settings.limit
        out[3] = sizeof(Sized)
        out[4] = settings.deeper.limit
        out[5] = Color.RED

    return program


seven, nine = make(7), make(9)
