"""Random programs: the lowered code does what the IR means, in the VM and in the kernel."""

from __future__ import annotations

import random

import pytest
from engines import agree, evaluated, in_kernel
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import INPUTS, random_program

from kring.lower.lower import lower


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.binary(min_size=8 * INPUTS, max_size=8 * INPUTS))
def test_code_does_what_the_function_means(data: st.DataObject, mem: bytes) -> None:
    agree(random_program(lambda n: data.draw(st.integers(0, n - 1))), mem)


@pytest.mark.parametrize("seed", range(0, 400, 50))
def test_seeded_programs(seed: int) -> None:
    """As above with bodies that hypothesis seldom gets as large as these."""
    stack = 0
    for one in range(seed, seed + 50):
        chance = random.Random(one)
        code = agree(random_program(chance.randrange), chance.randbytes(8 * INPUTS))
        stack = max(stack, code.stack)
    assert stack > 8 * INPUTS, "no program was large enough to spill"


@pytest.mark.kernel
def test_kernel_agrees() -> None:
    for seed in range(60):
        chance = random.Random(seed)
        fn, mem = random_program(chance.randrange), chance.randbytes(8 * INPUTS)
        assert in_kernel(lower(fn), mem) == evaluated(fn, mem), f"seed {seed}"
