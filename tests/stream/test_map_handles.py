"""Live maps as mappings: what does not fit is refused by name, on the VM's maps."""

from __future__ import annotations

import pytest

from kring import Array, Hash, PerCpuArray, Struct, Vm, bits, i64, load, syscall, u8, u32, u64
from kring.decl.struct import dtype_spec
from kring.errors import NotSupported


class Point(Struct):
    x: u32
    y: u32


class Pair(Struct):
    a: u32
    b: u32


class Flags(Struct):
    low: u8 = bits(3)
    high: u8 = bits(5)


table = Hash[u32, u64](max_entries=1)
points = Hash[u32, Point](max_entries=4)
slots = Array[i64](4)
counts = PerCpuArray[u64](1)


@syscall
def touch() -> None:
    table[1] = 1
    slots[0] = 1
    counts[0] += 1
    points[1] = Point(x=1, y=2)


def test_values_that_do_not_fit_are_refused_by_name() -> None:
    with load(touch, on=Vm()) as s:
        with pytest.raises(ValueError, match="no value of map 'table'"):
            s[table][1] = 1 << 64
        with pytest.raises(ValueError, match="list, one value for each CPU"):
            s[counts][0] = 5  # type: ignore[assignment]
        with pytest.raises(ValueError, match="a Point is wanted, or a dict of its fields"):
            s[points][1] = Pair(a=1, b=2)  # type: ignore[assignment]
        with pytest.raises(KeyError):
            s[slots][4] = 1
        s[table][1] = 7
        assert dict(s[table]) == {1: 7}


def test_bit_fields_have_no_columns() -> None:
    with pytest.raises(NotSupported, match="low, high"):
        dtype_spec(Flags)
