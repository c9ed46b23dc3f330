"""Values of indicators as records: kept, restated, packed, followed, and told to dashboards."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from lamppost.register import cli
from lamppost.register.condition.deciding import aim
from lamppost.register.evidence.making import make
from lamppost.register.indicators import desk
from lamppost.register.indicators.definitions import definitions, known
from lamppost.register.indicators.following import ROUND_MS, IndicatorFollower
from lamppost.register.indicators.records import VALUE, keep
from lamppost.register.indicators.values import Period
from lamppost.register.publish.publisher import Publisher
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register

from .asking import asking, body
from .city import City
from .registers import T0, Clock
from .test_indicators import FACTS, NOW, city

BINS = "iso37122-2019:16.5"


@pytest.fixture
def bins(register: Register, clock: Clock) -> Register:
    """Two bins, one of which tells how full it is."""
    clock.now_ms = T0 + 60_000
    city(
        register, ("bin-1", "public_bin", {}, ("fill_level",)), ("bin-2", "public_bin", {}, ())
    )
    return register


def keep_all(register: Register) -> int:
    """Keep the month's values; returns how many were new or restated."""
    found = desk.values(register, NOW, FACTS)
    with register.changing("ada") as writer:
        return sum(keep(writer, one, NOW) for one in found)


def test_a_value_is_restated_with_the_old_one_in_the_trail(bins: Register) -> None:
    """The same again enters nothing; another is an entry with before and after."""
    assert keep_all(bins) == len(definitions())
    assert keep_all(bins) == 0
    city(bins, ("bin-3", "public_bin", {}, ()))
    keep_all(bins)
    first, second = bins.trail(VALUE, f"{BINS}@2025-10").items
    assert (first.what, second.what, second.who) == ("create", "restate", "ada")
    before, after = json.loads(second.before or ""), json.loads(second.after)
    assert (before["value"], before["version"]) == (50.0, 1)
    assert (after["value"], after["version"]) == (pytest.approx(100 / 3), 2)
    assert before["lineage"] != after["lineage"]
    assert bins.verify_audit().faults == ()


async def test_packs_are_noted_with_their_hash(bins: Register, tmp_path: Path) -> None:
    """Whoever holds the file finds its SHA-256 in the trail and in the API."""
    out = tmp_path / "pack.zip"
    for _ in range(2):
        make(bins, known(BINS), NOW, FACTS, out, "ada")
    digest = sha256(out.read_bytes()).hexdigest()
    async with asking(bins) as client:
        (pack,) = (await body(client, "indicators/packs"))["items"]
        (value,) = (await body(client, f"indicators/kept?indicator={BINS}"))["items"]
    assert (pack["sha256"], pack["bytes"]) == (digest, out.stat().st_size)
    assert pack["lineage"] == value["lineage"]
    (entry,) = bins.trail("evidence_pack", pack["id"]).items
    assert (entry.who, digest in entry.after) == ("ada", True)


async def test_the_follower_keeps_this_month_and_the_last(bins: Register, clock: Clock) -> None:
    """One each look, with the city's facts; anew only after its time."""
    (bins.data_dir / "city.toml").write_text("area_km2 = 50\npopulation = 200_000\n")
    follow, view = IndicatorFollower(), City(T0)
    for _ in range(2 * len(definitions()) + 5):
        follow(bins, view, view.snapshot())
    async with asking(bins) as client:
        for month, total in (("2025-10", 50.0), ("2025-09", None)):
            path = f"indicators/kept?period={month}&indicator={BINS}"
            (found,) = (await body(client, path))["items"]
            assert found["value"] == total
        everything = await body(client, "indicators/kept?limit=1000")
    assert everything["total"] == 2 * len(definitions())
    entries = bins.verify_audit().entries
    city(bins, ("bin-3", "public_bin", {}, ()))
    follow(bins, view, view.snapshot())
    clock.now_ms += ROUND_MS
    for _ in range(2 * len(definitions())):
        follow(bins, view, view.snapshot())
    assert [one.what for one in bins.trail(VALUE, f"{BINS}@2025-10").items] == [
        "create",
        "restate",
    ]
    assert bins.verify_audit().entries > entries


@pytest.mark.parametrize(
    ("baseline", "goal", "met"),
    [(10.0, 50.0, 1), (10.0, 60.0, 0), (90.0, 50.0, 1), (90.0, 40.0, 0)],
)
def test_targets_are_told_with_the_value(
    bins: Register, clock: Clock, baseline: float, goal: float, met: int
) -> None:
    """A goal above its baseline is met from below, one below it from above."""
    keep_all(bins)
    publisher = Publisher(bins)
    assert publisher.due(clock.now_ms)
    clock.now_ms += 60_000
    with bins.changing("ada") as writer:
        aim(writer, "indicator", BINS, "indicator", "%", baseline, goal, "council, 2025")
        for scope, subject, resource, unit in (
            ("indicator", "iso37122-2019:99.9", "indicator", "%"),
            ("indicator", BINS, "energy", "kW.h"),
            ("indicator", BINS, "indicator", "kW.h"),
            ("class", "pump", "indicator", "%"),
        ):
            with pytest.raises(RefusedError, match="allowed"):
                aim(writer, scope, subject, resource, unit, 1.0, 1.0, "?")
    told = [row for row in publisher.due(clock.now_ms) if row.measurement.name == "indicator"]
    ((one, fields),) = [(row.tags["indicator"], row.fields) for row in told]
    assert one == BINS
    assert (fields["baseline"], fields["target"], fields["met"]) == (baseline, goal, met)


def test_months_are_told_to_dashboards(bins: Register, clock: Clock) -> None:
    """At the month's first moment; what is not reported has no value; a year is not told."""
    keep_all(bins)
    with bins.changing("ada") as writer:
        year = desk.values(bins, desk_year(), FACTS)[0]
        keep(writer, year, desk_year())
    publisher = Publisher(bins)
    rows = {
        row.tags["indicator"]: row
        for row in publisher.due(clock.now_ms)
        if row.measurement.name == "indicator"
    }
    assert len(rows) == len(definitions())
    assert {row.time_ms for row in rows.values()} == {NOW.from_ms}
    told = rows[BINS].fields
    assert (told["value"], told["reported"], told["n"]) == (50.0, 1, 2)
    assert told["name"] == "Public bins with a sensor"
    missing = rows["iso37120-2018:23.7"].fields
    assert (missing["value"], missing["reported"], missing["status"]) == (None, 0, "NR")
    again = publisher.due(clock.now_ms + 60_000)
    assert [row for row in again if row.measurement.name == "indicator"] == []


def desk_year() -> Period:
    """Return the year of the month that tests live in."""
    return Period("2025", NOW.from_ms, NOW.to_ms)


@pytest.mark.sqlite
def test_the_command_keeps_what_it_tells(
    bins: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only when asked to."""
    bins.close()
    asked = ["indicators", "--data", str(tmp_path), "--period", "2025-10"]
    assert cli.main(asked) == 0
    assert bins.trail(VALUE).items == ()
    assert cli.main([*asked, "--keep", "--as", "ada"]) == 0
    capsys.readouterr()
    assert len(bins.trail(VALUE).items) == len(definitions())
