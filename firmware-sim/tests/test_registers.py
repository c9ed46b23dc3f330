"""Register encodings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.sim.registers import Register, from_words, to_words
from lamppost.sim.sheets import SHEETS

NUMERIC = [r for sheet in SHEETS.values() for r in sheet.registers if not r.is_bit]
BITS = [r for sheet in SHEETS.values() for r in sheet.registers if r.is_bit]
FLOAT32_ERROR = 1e-6


@given(st.sampled_from(NUMERIC), st.floats(0.0, 1.0))
def test_a_value_in_range_comes_back_within_half_a_step(
    register: Register, share: float
) -> None:
    """Encoding loses at most half the quantisation of the datasheet."""
    value = register.low + share * register.span
    told = from_words(register, to_words(register, value))
    assert abs(told - value) <= register.quantum / 2 + FLOAT32_ERROR * abs(value) + 1e-9


@given(st.sampled_from(NUMERIC), st.floats(allow_nan=False, allow_infinity=False))
def test_any_value_is_told_inside_the_measuring_range(register: Register, value: float) -> None:
    """A sensor saturates at the ends of its range, and words never overflow."""
    words = to_words(register, value)
    assert len(words) == register.width
    assert all(0 <= word <= 0xFFFF for word in words)
    slack = register.quantum / 2 + FLOAT32_ERROR * abs(register.high)
    assert register.low - slack <= from_words(register, words) <= register.high + slack


@given(st.sampled_from(BITS), st.booleans())
def test_bits_come_back(register: Register, value: bool) -> None:
    """A discrete input is one word, 0 or 1."""
    assert from_words(register, to_words(register, float(value))) == float(value)


def test_words_are_big_endian_and_the_high_word_comes_first() -> None:
    """The layout is the one the datasheets describe, on values worked out by hand."""
    flow = SHEETS["pump-station"].register("flow")
    power = SHEETS["street-light-cabinet"].register("power")
    pressure = SHEETS["air-quality-mast"].register("pressure")
    assert to_words(flow, 40.0) == (0x4220, 0x0000)
    assert to_words(power, -1.0) == (0xFFFF, 0xFFFE)
    assert to_words(power, 40_000 * 0.5) == (0, 30_000)
    assert to_words(pressure, 1000.0) == (40_000,)


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=lambda sheet: sheet.model)
def test_no_two_registers_share_an_address(sheet: object) -> None:
    """Within a table every address belongs to one register."""
    registers = SHEETS[sheet.model].registers  # type: ignore[attr-defined]
    used = [(r.table, address) for r in registers for address in r.addresses]
    assert len(used) == len(set(used))


@pytest.mark.parametrize("register", NUMERIC, ids=lambda r: f"{r.channel_class}-{r.channel}")
def test_noise_is_wider_than_the_quantisation(register: Register) -> None:
    """Healthy readings hardly ever repeat, so a stuck sensor can be told from a quiet one."""
    if register.channel != "energy":  # a counter has no noise, but it never stands still
        assert register.noise >= 5 * register.quantum
    else:
        assert register.noise == 0
