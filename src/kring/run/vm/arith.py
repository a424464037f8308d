"""What each arithmetic verb, comparison and atomic of the instruction table computes.

In:  operands as unsigned numbers of `bits` bits.
Out: `ALU`, `COMPARE` and `MODIFY`, tables from an op's verb to its function. A result may exceed
     `bits`; who stores it masks it.
Rule: RFC 9669 read literally, one line a verb. The compiler's folding knows nothing of this file;
that the two agree is what the tests compare.
"""

from collections.abc import Callable

Binary = Callable[[int, int, int], int]
Compare = Callable[[int, int, int], bool]


def signed(value: int, bits: int) -> int:
    """The two's complement number that the low `bits` spell."""
    sign = 1 << (bits - 1)
    return ((value & (sign * 2 - 1)) ^ sign) - sign


def _truncated_div(a: int, b: int) -> int:
    """a / b rounded towards zero."""
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _sdiv(a: int, b: int, bits: int) -> int:
    return _truncated_div(signed(a, bits), signed(b, bits)) if b else 0


def _smod(a: int, b: int, bits: int) -> int:
    """The remainder with the sign of the dividend; by zero, the dividend."""
    if not b:
        return a
    x, y = signed(a, bits), signed(b, bits)
    return x - _truncated_div(x, y) * y


def _swap(a: int, bits: int) -> int:
    size = bits // 8
    return int.from_bytes((a & ((1 << bits) - 1)).to_bytes(size, "little"), "big")


ALU: dict[str, Binary] = {
    "add": lambda a, b, bits: a + b,
    "sub": lambda a, b, bits: a - b,
    "mul": lambda a, b, bits: a * b,
    "div": lambda a, b, bits: a // b if b else 0,
    "sdiv": _sdiv,
    "mod": lambda a, b, bits: a % b if b else a,
    "smod": _smod,
    "or": lambda a, b, bits: a | b,
    "and": lambda a, b, bits: a & b,
    "xor": lambda a, b, bits: a ^ b,
    "lsh": lambda a, b, bits: a << (b & (bits - 1)),
    "rsh": lambda a, b, bits: a >> (b & (bits - 1)),
    "arsh": lambda a, b, bits: signed(a, bits) >> (b & (bits - 1)),
    "movsx8": lambda a, b, bits: signed(b, 8),
    "movsx16": lambda a, b, bits: signed(b, 16),
    "movsx32": lambda a, b, bits: signed(b, 32),
    "neg": lambda a, b, bits: -a,
    # Of a little-endian machine: le* only cuts to its width, as be* and bswap* do too.
    "le": lambda a, b, bits: a,
    "be": lambda a, b, bits: _swap(a, bits),
    "bswap": lambda a, b, bits: _swap(a, bits),
}

COMPARE: dict[str, Compare] = {
    "jeq": lambda a, b, bits: a == b,
    "jne": lambda a, b, bits: a != b,
    "jgt": lambda a, b, bits: a > b,
    "jge": lambda a, b, bits: a >= b,
    "jlt": lambda a, b, bits: a < b,
    "jle": lambda a, b, bits: a <= b,
    "jset": lambda a, b, bits: a & b != 0,
    "jsgt": lambda a, b, bits: signed(a, bits) > signed(b, bits),
    "jsge": lambda a, b, bits: signed(a, bits) >= signed(b, bits),
    "jslt": lambda a, b, bits: signed(a, bits) < signed(b, bits),
    "jsle": lambda a, b, bits: signed(a, bits) <= signed(b, bits),
}

# What an atomic leaves in memory, of (memory's value, the source register).
MODIFY: dict[str, Callable[[int, int], int]] = {
    "add": lambda old, src: old + src,
    "or": lambda old, src: old | src,
    "and": lambda old, src: old & src,
    "xor": lambda old, src: old ^ src,
    "xchg": lambda old, src: src,
}
