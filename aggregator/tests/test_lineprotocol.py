"""Line protocol: each line is one line, says what it shall, and loses nothing."""

import dataclasses
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.aggregator.alarms.incident import Incident
from lamppost.aggregator.spool.frames import TextRow
from lamppost.aggregator.store import lineprotocol
from lamppost.aggregator.store.lineprotocol import (
    MAX_TEXT_CHARS,
    Lines,
    incident_line,
    ops_lines,
    sample_line,
    sample_lines,
)
from lamppost.aggregator.store.seam import Sample, StoreBatch
from lamppost.wire.series import DATABASES, MEASUREMENTS, NODE_HEALTH, OPS, PIPELINE, FieldType
from parts.batches import COLUMNS, T0, batch, event, random_batch, series

from .twins_lines import VERDICTS, slow_lines

NAN = float("nan")
PLACES = st.integers(0, 3)
TIMES = (T0, T0, T0 + 1, 0, -1, 99_999_999, 10**8, 10**16)


def is_usual(number: float) -> bool:
    """Whether a number has no shortcut of its own, as powers of two have."""
    return math.frexp(number)[0] != 0.5


def read_lines(lines: Iterable[str]) -> list[tuple[str, dict[str, float], str]]:
    """What lines say: measurement and tags, fields as numbers, time; verdicts are float32."""
    found = []
    for line in lines:
        head, fields, time = line.split(" ")
        numbers = {}
        for name, _, text in (field.partition("=") for field in fields.split(",")):
            numbers[name] = float(text.rstrip("i"))
            if name not in ("value", "flags"):
                numbers[name] = float(np.float32(numbers[name]))
        found.append((head, numbers, time))
    return found


def test_a_reading_as_a_line() -> None:
    """A reading has its tags in order, float fields, an integer of flags and milliseconds."""
    given = batch([series()], [0], [T0], [3.0], expected=[2.5], flags=[5])
    assert Lines().of(given).texts() == [
        (
            "reading,device=pump-1,group=riverside,metric=flow-0,node=pump-station-1"
            f" value=3.0,expected=2.5,flags=5i {T0}"
        )
    ]


@given(st.lists(st.lists(st.booleans(), min_size=7, max_size=7), max_size=30))
def test_any_pattern_of_absent_fields(present: list[list[bool]]) -> None:
    """Rows with different fields come in their order, each with just the fields it has."""
    rng = np.random.default_rng(len(present))
    names = [name for name in COLUMNS if name != "flags"]
    numbers = np.where(np.array(present).reshape(len(present), 7), rng.normal(size=7), NAN)
    columns = {name: numbers[:, i].tolist() for i, name in enumerate(names)}
    given = batch(
        [series(0), series(1)],
        [i % 2 for i in range(len(present))],
        list(range(T0, T0 + len(present))),
        columns.pop("value"),
        **columns,
    )
    assert read_lines(Lines().of(given).texts()) == read_lines(slow_lines(given))


VALUE = st.builds(lambda digits, places: digits / 10**places, st.integers(1000, 10**8), PLACES)
VERDICT = st.just(0.0) | st.just(NAN) | st.floats(2.0**-26, 8e6, width=32).filter(is_usual)
ROW = st.tuples(
    VALUE | st.just(NAN), st.integers(0, 2**32 - 1), st.integers(0, 2), st.sampled_from(TIMES),
    *[VERDICT] * len(VERDICTS),
)  # fmt: skip


@given(st.lists(ROW, max_size=20), st.integers(0, 20))
def test_the_very_bytes_of_the_slow_way(rows: list[tuple[Any, ...]], cut: int) -> None:
    """The kernel writes what the obvious way does, byte by byte, however rows come together."""
    values, flags, index, times, *verdicts = zip(*rows, strict=True) if rows else [()] * 10
    infos = [series(i) for i in range(3)]
    lines, parts = Lines(), []
    for some in (slice(None), slice(cut), slice(cut, None)):
        columns = {name: one[some] for name, one in zip(VERDICTS, verdicts, strict=True)}
        columns["flags"] = flags[some]
        given = batch(infos, index[some], times[some], values[some], **columns)
        parts.append(lines.of(given).texts())
        assert parts[-1] == slow_lines(given)
    assert parts[1] + parts[2] == parts[0]


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_nine_digits_are_a_whole_float32(number: float) -> None:
    """Verdict columns are float32 and read back as the same float32."""
    (line,) = Lines().of(batch([series()], [0], [T0], [NAN], score=[number])).texts()
    found = re.search(r"score=([^,]+),", line)
    assert found is not None
    assert np.float32(found[1]) == np.float32(number)


@given(st.text(max_size=20))
def test_names_come_back(name: str) -> None:
    """What a tag cannot carry is coded so that no two names become one."""
    cleaned = lineprotocol.clean(name)
    assert lineprotocol.original(cleaned) == name
    assert not re.search(r"[\x00-\x1f\x7f\\]", cleaned)


@given(st.text(min_size=1, max_size=20))
def test_a_tag_stays_one_tag(name: str) -> None:
    """Every separator in a tag's value is escaped and nothing else is."""
    tag = lineprotocol.tag("k", name)
    assert tag.startswith(",k=")
    assert not re.search(r"(?<!\\)[, =]", tag[3:])
    assert re.sub(r"\\([, =])", r"\1", tag[3:]) == lineprotocol.clean(name)


@given(st.text(max_size=40))
def test_a_string_field_stays_one_field(text: str) -> None:
    """A string ends at its own quote, whatever quotes and backslashes it holds."""
    quoted = lineprotocol.string(text)
    body = re.fullmatch(r'"((?:[^"\\]|\\["\\])*)"', quoted, re.DOTALL)
    assert body is not None
    assert re.sub(r'\\(["\\])', r"\1", body[1]) == text


def test_a_very_long_text_is_cut_visibly() -> None:
    """A database refuses strings beyond 64 KiB, so the text is cut and shows that it was."""
    quoted = lineprotocol.string("漢" * (MAX_TEXT_CHARS + 1))
    assert len(quoted) == MAX_TEXT_CHARS + 2
    assert quoted.endswith('…"')
    assert len(quoted.encode()) < 64 * 1024


def test_texts_are_raw_and_events_are_not() -> None:
    """Texts are raw, events are operations, and an event's id is a field and no tag."""
    given = batch([series()], texts=[TextRow(0, T0, 'o"n')], events=[event("e-1", T0)])
    (text,) = Lines().texts(given)
    (one,) = ops_lines(given)
    assert text.startswith("text,device=pump-1,")
    assert text.endswith(f' text="o\\"n" {T0}')
    tags, _, fields = one.partition(" ")
    assert "e-1" not in tags
    assert fields.startswith('id="e-1",open=true,')
    assert one.endswith(f" {T0}")


def test_a_series_that_changes_its_name_is_noticed() -> None:
    """Remembered tags belong to the very series they were made of."""
    lines = Lines()
    lines.of(batch([series(metric="a")], [0], [T0], [1.0]))
    (line,) = lines.of(batch([series(metric="b")], [0], [T0], [1.0])).texts()
    assert "metric=b" in line


def test_no_rows_are_no_lines() -> None:
    """An empty batch writes nothing."""
    assert Lines().of(batch([])).texts() == []


@pytest.mark.parametrize("rows", [1, 1000])
def test_bulk_lines_equal_the_slow_ones(rows: int) -> None:
    """The fast path writes what the obvious one does."""
    given = random_batch([series(i) for i in range(7)], rows)
    assert read_lines(Lines().of(given).texts()) == read_lines(slow_lines(given))


def test_an_incident_as_a_line() -> None:
    """It lies at its opening, so that its end overwrites it; its ids and words are fields."""
    incident = Incident(
        "i1", "g", "n", "d", "process_anomaly", "deviation", T0, T0 + 5, None, 0.9,
        ("flow", "level"), 2, 1, None, "flow rose",
    )  # fmt: skip
    assert incident_line(incident) == (
        'incident,device=d,group=g,node=n id="i1",class="process_anomaly",kind="deviation",'
        'reason="flow rose",channels="flow, level",open=1i,level=3i,notified=0i,events=2i,'
        f"open_events=1i,detected_ms={T0 + 5}i,severity=0.9 {T0}"
    )
    ended = dataclasses.replace(incident, closed_ms=T0 + 9000, open_events=0)
    assert f"open=0i,level=3i,notified=0i,events=2i,open_events=0i,detected_ms={T0 + 5}i," in (
        incident_line(ended)
    )
    assert incident_line(ended).endswith(
        f"closed_ms={T0 + 9000}i,severity=0.9,duration_s=9.0 {T0}"
    )


def test_a_sample_as_a_line() -> None:
    """Each field is written as the type it has for ever, and one without a value is absent."""
    fields = {"pending": 7.0, "online": True, "autonomy_h": 48, "clock_offset_ms": NAN}
    tags = {"node": "pump station 1", "group": ""}
    sample = Sample(NODE_HEALTH, T0, tags, fields | {"silent_s": None, "drivers": "a b"})
    assert sample_line(sample) == (
        f"node_health,node=pump\\ station\\ 1 online=1i,pending=7i,autonomy_h=48.0,"
        f'drivers="a b" {T0}'
    )


def test_a_sample_without_values_is_no_line() -> None:
    """InfluxDB takes no line without a field."""
    empty = Sample(PIPELINE, T0, {"host": "h"}, {"latency_p50_ms": None})
    assert sample_lines(StoreBatch.of_samples([empty]), OPS) == []


def test_the_page_on_stores_lists_the_schema() -> None:
    """The table of measurements in docs/stores.md is the schema, in its order."""
    page = (Path(__file__).parents[2] / "docs" / "stores.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.*) \|$", page, re.MULTILINE)
    kinds = (FieldType.FLOAT, FieldType.INTEGER, FieldType.BOOLEAN, FieldType.STRING)
    told = [
        (name, database, [cell.strip() for cell in rest.split("|")])
        for name, database, rest in rows
    ]
    assert told == [
        (
            known.name,
            known.database.named("city"),
            [", ".join(known.tags), *(", ".join(known.names(kind)) for kind in kinds)],
        )
        for known in MEASUREMENTS
    ]
    kept = re.findall(r"^\| `(\w+)` \| (\d+) days \|", page, re.MULTILINE)
    assert kept == [(known.named("city"), str(known.retain_days)) for known in DATABASES]


@pytest.mark.parametrize(("tags", "fields"), [({"id": "x"}, {}), ({}, {"cpu": 1.0})])
def test_names_that_are_not_in_the_schema(
    tags: dict[str, str], fields: dict[str, float]
) -> None:
    """A tag or a field that the schema does not name is a mistake, told at once."""
    with pytest.raises(ValueError, match="came, allowed: "):
        Sample(PIPELINE, T0, tags, fields)
