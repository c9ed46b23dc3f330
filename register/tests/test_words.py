"""Numbers, times and fragments in the words of the console."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.register import words
from lamppost.register.markup import tag


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (2.345, "2.35"),
        (412.04, "412.0"),
        (2830.4, "2\u202f830"),
        (-8.4, "\u22128.40"),
        (0.0421, "0.042"),
        (0.00042, "4.20e\u221204"),
    ],
)
def test_numbers_keep_the_digits_that_matter(value: float, text: str) -> None:
    """Large numbers lose decimals, small ones keep them."""
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("length_ms", "text"),
    [
        (-5, "0 s"),
        (45_000, "45 s"),
        (12 * 60_000, "12 min"),
        (61 * 3_600_000, "61 h"),
        (14 * 86_400_000, "14 days"),
    ],
)
def test_spans_use_one_unit(length_ms: int, text: str) -> None:
    """A span is told in the unit a person would choose."""
    assert words.span(length_ms) == text


def test_moments_of_another_day_carry_the_date() -> None:
    """A time of day alone would be taken for today."""
    now = 1_772_451_667_000
    assert words.moment(now - 60_000, now) == "11:40:07Z"
    assert words.moment(now - 86_400_000, now) == "2026-03-01 11:41Z"


def test_units_are_written_as_people_do() -> None:
    """UCUM codes become signs, unknown ones stay."""
    assert [words.unit(code) for code in ("Cel", "ug/m3", "L/s")] == ["°C", "µg/m³", "L/s"]


def test_values_of_all_kinds_have_words() -> None:
    """Booleans, texts and nothing are told too."""
    told = [words.value_text(value) for value in (True, False, "auto", None)]
    assert told == ["on", "off", "auto", "no value"]


@given(st.text())
def test_texts_never_become_markup(text: str) -> None:
    """Whatever comes from the network stays text, as child and as attribute."""
    made = tag("b", text, title=text)
    assert made.count("<") == 2
    assert made.count(">") == 2
    assert made.count('"') == 2


def test_fragments_nest() -> None:
    """Markup inside markup is not escaped twice."""
    assert tag("p.a.", tag("b", "1 < 2")) == '<p class="a"><b>1 &lt; 2</b></p>'
