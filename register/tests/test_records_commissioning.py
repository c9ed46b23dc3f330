"""Commissioning: a device is handed over at an asset, whole or not at all."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from lamppost.register.pages.assets import load, markup
from lamppost.register.records.boundary import Boundary
from lamppost.register.records.commissioning import (
    HEARD_MS,
    Check,
    Handover,
    commission,
)
from lamppost.register.records.deciding import ConflictError
from lamppost.register.records.links import RefusedError
from lamppost.register.records.reading import Wanted
from lamppost.register.records.refusals import OutsideError
from lamppost.register.records.store import Register
from lamppost.register.records.values import Channel, Commissioning, Link

from .asking import asking, body, told
from .registers import CHANNEL, FLOW, LEVEL, T0, Clock, birth
from .test_exports import seen, table_of
from .test_records_import import PUMPS, taken
from .test_register_cli import Shell, file, shell  # noqa: F401 - fixtures

DEVICE = "riverside/station/pump-1"
NOW_MS = T0 + 60_000
GOOD = Handover(DEVICE, "pump-1", "state", checks=(Check("flow", 42.1, 42.0, 0.1),))


@pytest.fixture
def city(any_register: Register, tmp_path: Path, clock: Clock) -> Register:
    """A register with three assets and a device of two channels, a minute after its birth."""
    taken(any_register, tmp_path, PUMPS)
    any_register.observe_births([birth(FLOW, LEVEL)])
    clock.now_ms = NOW_MS
    return any_register


def handed_over(
    register: Register, said: Handover, seen_ms: Mapping[str, int] | None = None
) -> Commissioning:
    """Hand a device over, and return the record."""
    with register.changing("ada") as writer:
        one = commission(writer, said, "ada", seen_ms or {})
    found = register.one("commissionings", one)
    assert isinstance(found, Commissioning)
    return found


def links(register: Register, **filters: object) -> tuple[Link, ...]:
    """Return all links that match, ended ones too."""
    return register.page("links", Wanted(filters, state="all")).items


def test_a_device_is_bound_by_its_record(city: Register) -> None:
    """Channels tell of the asset from then on, the reference is a calibration, all audited."""
    record = handed_over(city, replace(GOOD, remarks="sealed"))
    assert (record.commissioned_by, record.valid_from_ms, record.heard_ms) == (
        "ada",
        NOW_MS,
        T0,
    )
    assert (record.asset, record.role, record.remarks) == ("pump-1", "state", "sealed")
    assert record.checks == [
        {
            "channel": CHANNEL, "unit": "L/s", "reading": 42.1, "reference": 42.0,
            "allowed": 0.1, "passed": True,
        }
    ]  # fmt: skip
    bound = links(city, asset="pump-1")
    assert sorted(one.channel for one in bound) == record.channels
    assert {(one.commissioning, one.asserted_by, one.valid_from_ms) for one in bound} == {
        (record.id, "ada", NOW_MS)
    }
    flow, level = (city.one("channels", one) for one in record.channels)
    assert isinstance(flow, Channel)
    assert isinstance(level, Channel)
    assert (flow.calibrated_ms, flow.certificate) == (NOW_MS, record.id)
    assert level.calibrated_ms is None, "nothing was there to compare with"
    (entry,) = city.trail("commissioning", record.id).items
    assert (entry.who, entry.what) == ("ada", "create")
    assert city.verify_audit().faults == ()


def test_what_linked_the_channels_elsewhere_ends(city: Register) -> None:
    """Of named channels only; what tells of the same asset in another role stays."""
    moved, _ = city.bind(CHANNEL, "pump-2", "environment", "bob", T0)
    kept, _ = city.bind(CHANNEL, "pump-1", "capacity_use", "bob", T0)
    other, _ = city.bind(f"{DEVICE}/level", "pump-2", "state", "bob", T0)
    record = handed_over(city, replace(GOOD, channels=("flow",)))
    assert record.channels == [CHANNEL]
    ended = {one.id: (one.valid_to_ms, one.ended_by) for one in links(city)}
    assert ended[moved] == (NOW_MS, "ada")
    assert ended[kept] == ended[other] == (None, None)
    with pytest.raises(RefusedError, match=f"allowed: from {NOW_MS}, when link-"):
        handed_over(city, replace(GOOD, asset="pump-2", at_ms=NOW_MS - 1))


def test_a_node_is_handed_over_with_all_its_devices(city: Register, clock: Clock) -> None:
    """The device that was silent longest decides."""
    city.observe_births([birth(LEVEL, device="pump-2", at_ms=NOW_MS)])
    whole = Handover(
        "riverside/station", "station", "state", checks=(Check("pump-2/level", 2),)
    )
    clock.now_ms = T0 + HEARD_MS + 1
    with pytest.raises(RefusedError, match="last heard 2025-10-09 08:53:20 UTC, allowed"):
        handed_over(city, whole)
    record = handed_over(city, whole, {DEVICE: NOW_MS + 1})
    assert len(record.channels) == len(links(city, asset="station")) == 3
    assert record.heard_ms == NOW_MS


def test_a_device_that_is_silent_needs_a_reason(city: Register, clock: Clock) -> None:
    """A birth or a reading of the last hour will do; a reason is kept."""
    clock.now_ms = T0 + HEARD_MS + 1
    with pytest.raises(RefusedError, match="or a reason in without_data"):
        handed_over(city, GOOD)
    record = handed_over(city, replace(GOOD, without_data="no mains until Monday"))
    assert (record.heard_ms, record.without_data) == (T0, "no mains until Monday")
    clock.now_ms += 1
    heard_ms = handed_over(city, GOOD, {DEVICE: clock.now_ms + 99}).heard_ms
    assert heard_ms == clock.now_ms, "the clock of a node may be ahead"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (
            replace(GOOD, device="riverside/station/pump-9"),
            f"is known here, allowed: the id of a device or node that was born: {DEVICE}",
        ),
        (replace(GOOD, asset="pump-9"), "asset: came 'pump-9', allowed: the id"),
        (replace(GOOD, role="owner"), "role: came 'owner', allowed: state, capacity"),
        (replace(GOOD, at_ms=NOW_MS + 1), f"allowed: up to now, {NOW_MS}"),
        (replace(GOOD, channels=("x",)), "channel: came 'x', allowed: one of riverside"),
        (replace(GOOD, channels=("level",)), "channel: came 'flow', allowed: one of"),
        (
            replace(GOOD, checks=(*GOOD.checks, Check("level", 3.0, 2.5, 0.4))),
            "/level came 3.0 m where the reference is 2.5, off by 0.5, allowed: 0.4; nothing",
        ),
        (
            replace(GOOD, checks=(Check("flow", 81.0),)),
            "81.0 L/s, allowed: its range, 0.0 to 80",
        ),
        (replace(GOOD, checks=(Check("flow", 1.0, 1.0),)), "allowed: both or neither"),
        (replace(GOOD, checks=(Check("flow", float("nan")),)), "allowed: numbers"),
        (replace(GOOD, remarks=" "), "remarks: came ' '"),
    ],
)
def test_nothing_is_half_written(city: Register, said: Handover, why: str) -> None:
    """What is refused says why with the numbers, and leaves all as it was."""
    entries = city.verify_audit().entries
    with pytest.raises(RefusedError) as error:
        handed_over(city, said)
    assert why in str(error.value)
    assert city.verify_audit().entries == entries
    assert links(city) == ()


def test_a_record_is_never_changed(city: Register) -> None:
    """Said twice is a conflict; the database itself refuses, and a later calibration stays."""
    city.calibrate(CHANNEL, "lab", T0, NOW_MS + 9, "C-17")
    one = handed_over(city, GOOD)
    assert city.one("channels", CHANNEL).calibration_due_ms == NOW_MS + 9
    with pytest.raises(ConflictError, match="says that already"):
        handed_over(city, GOOD)
    for deed in ("UPDATE commissioning SET asset = 'pump-2'", "DELETE FROM commissioning"):
        with (
            pytest.raises(DBAPIError, match="what was commissioned is not changed"),
            city.database.writing() as connection,
        ):
            connection.execute(text(deed))
    city.calibrate(CHANNEL, "lab", NOW_MS, None, "C-18")
    handed_over(city, replace(GOOD, at_ms=NOW_MS - 1))
    assert city.one("channels", CHANNEL).certificate == "C-18"
    assert city.one("commissionings", one.id) == one


def test_who_is_for_some_districts_hands_over_there(register: Register, tmp_path: Path) -> None:
    """As links are: what lies elsewhere is not there, and nothing is bound to it."""
    taken(register, tmp_path, "id,name,class,district\nw,West,pump,west\ne,East,pump,east\n")
    register.observe_births([birth(FLOW), birth(FLOW, device="pump-2")])
    register.bind(CHANNEL, "w", "state", "root")
    west = register.within(Boundary(["west"]))
    said = Handover(DEVICE, "w", "capacity_use")
    register.bind("riverside/station/pump-2/flow", "e", "state", "root")
    with pytest.raises(RefusedError, match="asset: came 'e'"):
        handed_over(west, replace(said, asset="e"))
    with pytest.raises(OutsideError, match="pump-2/flow', which tells of an asset elsewhere"):
        handed_over(west, replace(said, device="riverside/station/pump-2"))
    reference = handed_over(west, replace(GOOD, asset="w", at_ms=T0 - 1))
    calibrated = register.one("channels", CHANNEL)
    assert (calibrated.calibrated_ms, calibrated.certificate) == (T0 - 1, reference.id)
    record = handed_over(west, said)
    assert west.page("commissionings", Wanted({})).total == 2
    assert west.one("commissionings", record.id) == record
    assert register.within(Boundary(["east"])).page("commissionings", Wanted({})).total == 0


@pytest.mark.asyncio
async def test_it_is_said_and_read_over_http(city: Register, clock: Clock) -> None:
    """With what the aggregator hears; listed by asset and device, and told on the page."""
    clock.now_ms = T0 + 2 * HEARD_MS
    latest = replace(seen("flow", 42.0), time_ms=clock.now_ms - 1)
    feed = SimpleNamespace(
        live=SimpleNamespace(snapshot=lambda: SimpleNamespace(channels=[latest]))
    )
    said: dict[str, Any] = {"by": "ada", "device": DEVICE, "asset": "pump-1"}
    said["checks"] = [{"channel": "flow", "reading": 4.2, "reference": 4.1, "allowed": 0.1}]
    async with asking(city) as client:
        assert "last heard" in await told(client, "commissionings", 400, **said)
    async with asking(city, feed) as client:
        record = await told(client, "commissionings", **said)
        assert record["heard_ms"] == clock.now_ms - 1
        assert "already" in await told(client, "commissionings", 409, **said)
        assert await body(client, f"commissionings/{record['id']}") == record
        for query, count in (("asset=pump-1", 1), (f"device={DEVICE}", 1), ("asset=pump-2", 0)):
            listed = await body(client, f"commissionings?{query}")
            assert listed["items"] == [record][:count]
        assert (await client.get("commissionings/none")).status_code == 404
        link = (await body(client, "links"))["items"][0]
        assert link["commissioning"] == record["id"]
    shown = markup(load(city, "pump-1"), clock.now_ms)
    assert "Commissioned 2025-10-09 by ada: 2 channels, all checks passed" in shown
    (row,) = table_of(city, "commissionings")
    assert (row["id"], row["commissioned_by"]) == (record["id"], "ada")


def test_it_is_said_on_the_command_line(shell: Shell, file: str) -> None:  # noqa: F811
    """With checks as they are written down; wrong ones are told, exit code 2."""
    shell("import", file)
    register = Register("sqlite:register.db", shell.folder)
    register.observe_births([birth(FLOW, LEVEL, at_ms=register.now_ms())])
    register.close()
    words = ("commission", DEVICE, "--asset", "pump-1", "--by", "ada")
    record = shell.json(*words, "--check", "flow=42.1:42~0.5", "level=2.4", "--channel", "flow",
                        "level", "--role", "capacity_use")  # fmt: skip
    assert (record["role"], record["commissioned_by"]) == ("capacity_use", "ada")
    assert [check["reference"] for check in record["checks"]] == [42.0, None]
    assert "2 channels tell of pump-1" in shell(*words)
    for wrong in ("flow", "flow=x", "flow=1:2", "flow=1:"):
        assert f"--check: came {wrong!r}" in shell(*words, "--check", wrong, code=2)
    assert "off by 5.0, allowed: 1.0" in shell(*words, "--check", "flow=47:42~1", code=1)
    assert record["id"] in shell("list", "commissionings")
