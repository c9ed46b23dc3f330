"""The replay driver: recordings played as if they happened now."""

import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.edge.config.file import ConfigError, load
from lamppost.edge.config.model import DeviceConfig
from lamppost.edge.drivers.recording import Recording, RecordingError, parse_time
from lamppost.edge.drivers.replay import MAX_ROWS_PER_READ, ReplayDriver, value_of
from lamppost.edge.drivers.seam import Value
from lamppost.wire.datatypes import DataType, Quality

START_MS = 1_000_000
SECONDS = "timestamp,value\n100,1\n101,2\n103,4\n"


def device(folder: Path, options: str, channels: str = "") -> DeviceConfig:
    """A device as the file gives it."""
    file = folder / "node.toml"
    head = '[node]\ngroup = "g"\nname = "n"\n[[device]]\nname = "old"\ndriver = "replay"\n'
    channels = channels or '[[device.channel]]\nname = "flow"\n'
    file.write_text(f"{head}[device.options]\n{options}\n{channels}")
    return load(file).devices[0]


class Played:
    """A driver over a clock that is set by hand."""

    def __init__(self, config: DeviceConfig) -> None:
        self.now_ms = START_MS
        self.driver = ReplayDriver(config, wall=lambda: self.now_ms)

    async def at(self, seconds: float) -> list[tuple[float, Value]]:
        """What is read that long after the start: seconds after the start, and value."""
        self.now_ms = START_MS + round(seconds * 1000)
        readings = await self.driver.read()
        for reading in readings:
            assert (reading.value is None) == (reading.quality is Quality.BAD)
        return [((reading.time_ms - START_MS) / 1000, reading.value) for reading in readings]


async def played(folder: Path, text: str, options: str = "") -> Played:
    """A recording that has just begun to play."""
    (folder / "r.csv").write_text(text)
    run = Played(device(folder, f'file = "r.csv"\n{options}'))
    await run.driver.open()
    return run


async def test_real_time(tmp_path: Path) -> None:
    """The first row happens at the start, the others as much later as they were recorded."""
    run = await played(tmp_path, SECONDS)
    assert await run.at(0) == [(0, 1)]
    assert await run.at(0.5) == []
    assert await run.at(1) == [(1, 2)]
    assert await run.at(2.9) == []
    assert await run.at(3) == [(3, 4)]


async def test_speed(tmp_path: Path) -> None:
    """At ten times the speed, distances are a tenth and a poll may bring several rows."""
    run = await played(tmp_path, SECONDS, "speed = 10")
    assert await run.at(0.2) == [(0, 1), (0.1, 2)]
    assert await run.at(0.3) == [(0.3, 4)]


async def test_the_end_is_told(tmp_path: Path) -> None:
    """After its last row a recording is BAD: its silence has a reason."""
    run = await played(tmp_path, SECONDS)
    await run.at(3)
    assert await run.at(4) == [(4, None)]
    assert await run.at(5) == [(5, None)]


async def test_loop(tmp_path: Path) -> None:
    """A loop starts again one interval after the last row, and never ends."""
    run = await played(tmp_path, SECONDS, "loop = true")
    assert await run.at(11) == [
        (0, 1),
        (1, 2),
        (3, 4),
        (5, 1),
        (6, 2),
        (8, 4),
        (10, 1),
        (11, 2),
    ]


async def test_a_loop_of_one_row(tmp_path: Path) -> None:
    """One row that repeats does so once a second instead of for ever at once."""
    run = await played(tmp_path, "timestamp,value\n7,1\n", "loop = true")
    assert await run.at(2) == [(0, 1), (1, 1), (2, 1)]


async def test_a_flood_is_bounded(tmp_path: Path) -> None:
    """One poll brings a bounded number of rows; the rest comes with the next."""
    run = await played(tmp_path, SECONDS, "loop = true\nspeed = 1000000")
    assert len(await run.at(60)) == MAX_ROWS_PER_READ
    assert len(await run.at(60)) == MAX_ROWS_PER_READ


async def test_channels_stay_aligned(tmp_path: Path) -> None:
    """Two channels, from columns and files of their own, keep their distance in time."""
    (tmp_path / "a.csv").write_text("level, timestamp\n5,2015-09-01 00:00:02\n")
    (tmp_path / "b.csv").write_text("timestamp,value\n2015-09-01T00:00:00Z,true\n")
    channels = (
        '[[device.channel]]\nname = "a"\nfile = "a.csv"\ncolumn = "level"\ntype = "int64"\n'
        '[[device.channel]]\nname = "b"\nfile = "b.csv"\ntype = "boolean"\n'
    )
    run = Played(device(tmp_path, "", channels))
    await run.driver.open()
    assert await run.at(0) == [(0, True)]
    assert (await run.at(2))[0] == (2, 5)


async def test_bad_rows(tmp_path: Path) -> None:
    """A row without a number is BAD; one without a time, or cut short, is left out."""
    text = "\ufefftimestamp,value\n100,x\n,2\nnever,3\n101\n102,\n103,4\n"
    run = await played(tmp_path, text)
    assert await run.at(9) == [(0, None), (2, None), (3, 4)]


async def test_a_recording_that_vanishes(tmp_path: Path) -> None:
    """A file that is gone when the driver opens is a fault, to be tried again."""
    run = await played(tmp_path, SECONDS)
    await run.driver.close()
    (tmp_path / "r.csv").unlink()
    with pytest.raises(RecordingError, match=r"r\.csv: .*No such file"):
        await run.driver.open()


TIMES = [
    ("1441065600", 1441065600000),
    ("1441065600.25", 1441065600250),
    ("1441065600000", 1441065600000),
    (" 2015-09-01T00:00:00Z ", 1441065600000),
    ("2015-09-01 00:00:00", 1441065600000),
    ("2015-09-01T02:00:00.5+02:00", 1441065600500),
    ("2015-09-01", 1441065600000),
    ("-1", -1000),
    ("nan", None),
    ("1e300", None),
    ("yesterday", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "time_ms"), TIMES)
def test_times(text: str, time_ms: int | None) -> None:
    """ISO times and epochs in seconds or milliseconds are told apart; no zone means UTC."""
    assert parse_time(text) == time_ms


def test_no_zone_is_utc_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A time without a zone is UTC on a node that is set to another zone, too."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        assert parse_time("2015-09-01 00:00:00") == 1441065600000
    time.tzset()


@given(text=st.text(max_size=40))
def test_any_text_is_a_time_or_none(text: str) -> None:
    """No cell, however odd, breaks the player."""
    assert parse_time(text) is None or isinstance(parse_time(text), int)


@given(text=st.text(max_size=40), datatype=st.sampled_from(list(DataType)))
def test_any_text_is_a_value_or_none(text: str, datatype: DataType) -> None:
    """No cell breaks the reading of values, whatever the channel's type."""
    value = value_of(text, datatype)
    assert value is None or isinstance(value, bool | int | float | str)


@given(text=st.text(max_size=200))
def test_any_file_is_a_recording_or_an_error(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A file of anything is played or refused, with no other exception."""
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text(f"timestamp,value\n{text}", encoding="utf-8", errors="replace")
    with suppress(RecordingError):
        assert all(isinstance(row.time_ms, int) for row in Recording(path).rows())


REFUSALS = {
    "no file": ("", "[device.old.channel.flow] file: came nothing, allowed: the path of a"),
    "empty": (
        'file = ""',
        "[device.old.options] file: came '', allowed: the path of a readable",
    ),
    "missing": ('file = "no.csv"', "came 'no.csv', allowed: the path of a readable file (this"),
    "speed": ('file = "r.csv"\nspeed = 0', "speed: came 0, allowed: a factor in 0.001..1e+06"),
    "columns": (
        'file = "odd.csv"',
        "a recording: odd.csv has the columns time, value; 'timestamp' is needed",
    ),
    "no rows": ('file = "empty.csv"', "a recording: empty.csv has no row with a time"),
    "no text": ('file = "binary.csv"', "a recording: binary.csv: 'utf-8' codec can't decode"),
}


@pytest.mark.parametrize(("options", "told"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refusals(tmp_path: Path, options: str, told: str) -> None:
    """A recording that cannot be played is told before anything starts."""
    (tmp_path / "r.csv").write_text(SECONDS)
    (tmp_path / "odd.csv").write_text("time,value\n1,1\n")
    (tmp_path / "empty.csv").write_text("timestamp,value\n")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError) as caught:
        device(tmp_path, options)
    assert told in str(caught.value)
    assert len(caught.value.problems) == 1
