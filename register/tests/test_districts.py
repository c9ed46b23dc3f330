"""Districts as boundaries: what lies outside is not in a list, not found, not changed."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from lamppost.register.access import accounts, tokens
from lamppost.register.alarms import desk
from lamppost.register.condition.deciding import aim, require
from lamppost.register.records.base import metadata
from lamppost.register.records.boundary import VIEWS, Boundary
from lamppost.register.records.links import RefusedError
from lamppost.register.records.reading import Wanted
from lamppost.register.records.refusals import OutsideError
from lamppost.register.records.store import Register
from lamppost.register.serve import Console

from .asking import PATIENCE_S, TRUST
from .city import City
from .registers import FLOW, T0, birth, incident
from .test_access import ROUTES, bearer

CITY_WIDE = {"requirement", "resource", "flow", "escalation"}
"""What every reader of the register may read: it belongs to no district."""

EAST_ID, WEST_ID = "b-east", "a-west"
FILE = f"""id,name,class,district,length_m
{WEST_ID},West pump,pump,west,10
{EAST_ID},East pump,pump,east,10
c-none,Lost pump,pump,,10
"""


def filled(register: Register, folder: Path) -> None:
    """Enter a pump with a channel and an alarm in each of two districts, and one in none."""
    (folder / "a.csv").write_text(FILE)
    register.import_assets(folder / "a.csv", "root")
    for device, asset in (("pump-w", WEST_ID), ("pump-e", EAST_ID)):
        register.observe_births([birth(FLOW, device=device)])
        register.bind(f"riverside/station/{device}/flow", asset, "state", "root")
    with register.changing(desk.WHO) as writer:
        desk.observe(
            writer, [incident("al-w", device="pump-w"), incident("al-e", device="pump-e")]
        )


@pytest.fixture
def west(register: Register, tmp_path: Path) -> Register:
    """The register as somebody sees it who is for the west."""
    filled(register, tmp_path)
    return register.within(Boundary(["west"]))


@pytest.fixture
def client(city: City, register: Register, tmp_path: Path) -> Iterator[httpx.Client]:
    """A script whose token is an admin's, for the west."""
    filled(register, tmp_path)
    with register.changing("root") as writer:
        secret = tokens.issue(writer, "west", "admin", 1, ["west"])
    console = Console(city, port=0, access=True, register=register)
    console.start()
    with httpx.Client(
        base_url=console.url,
        trust_env=False,
        timeout=PATIENCE_S,
        verify=TRUST,
        headers=bearer(secret),
    ) as client:
        yield client
    console.stop()


def test_every_table_lies_in_districts_or_belongs_to_all() -> None:
    """A new table is decided on before it is read."""
    assert {name for name, _ in VIEWS} | CITY_WIDE == set(metadata.tables)


def test_lists_hold_what_lies_inside(any_register: Register, tmp_path: Path) -> None:
    """In SQL, so that totals and pages are right too; on each database there is."""
    filled(any_register, tmp_path)
    west = any_register.within(Boundary(["west"]))
    assets = west.page("assets", Wanted({}))
    assert (assets.total, [one.id for one in assets.items]) == (1, [WEST_ID])
    channels = west.page("channels", Wanted({}))
    assert [one.device for one in channels.items] == ["riverside/station/pump-w"]
    assert west.page("links", Wanted({})).total == 1
    assert west.page("nodes", Wanted({})).total == 1
    assert west.one("assets", EAST_ID) is None
    assert west.trail().total == 0
    assert any_register.page("assets", Wanted({})).total == 3
    both = any_register.within(Boundary(["west", "east", "'; DROP TABLE asset; --"]))
    assert both.page("assets", Wanted({})).total == 2


def test_what_lies_outside_cannot_be_changed(west: Register, register: Register) -> None:
    """It is not there, and moving something out or in is refused as a whole."""
    with pytest.raises(RefusedError, match="alarm: came 'al-e'"), west.changing("w") as writer:
        desk.act(writer, "al-e", "acknowledge", "w")
    with pytest.raises(RefusedError, match="asset: came one that does not lie"):
        _move(west)
    with pytest.raises(RefusedError, match="requirement: came one that does not lie"):
        _require(west)
    with pytest.raises(RefusedError, match="asset"):
        west.bind("riverside/station/pump-w/flow", EAST_ID, "environment", "w")
    with register.changing("x") as writer:
        assert not writer.load("alarm", ["al-w"])["al-w"]["acked"]
    with west.changing("w") as writer:
        assert desk.act(writer, "al-w", "acknowledge", "w")


def test_what_is_there_already_is_refused_as_outside(
    west: Register, register: Register
) -> None:
    """Of who is for the west the target of a class is hidden; saying it anew is no accident."""
    said = ("class", "pump", "energy", "kW.h", 2.0, 1.0, "bills")
    with register.changing("root") as writer:
        aim(writer, *said)
    with (
        pytest.raises(OutsideError, match="target: came one that does not lie"),
        west.changing("w") as writer,
    ):
        aim(writer, *said)


def _move(west: Register) -> None:
    with west.changing("w") as writer:
        desk.act(writer, "al-w", "acknowledge", "w")
        row = writer.load("asset", [WEST_ID])[WEST_ID]
        writer.change("asset", row, {"district": "east"})


def _require(west: Register) -> None:
    with west.changing("w") as writer:
        require(writer, "pump", "flow", "the law")


def test_an_import_stays_inside(west: Register, tmp_path: Path, register: Register) -> None:
    """A file that reaches outside enters nothing."""
    (tmp_path / "b.csv").write_text(
        "id,name,class,district\nn,New,pump,west\no,Out,pump,east\n"
    )
    told = west.import_assets(tmp_path / "b.csv", "w")
    assert [(one.line, one.field) for one in told.problems] == [(3, "district")]
    assert register.one("assets", "n") is None
    (tmp_path / "c.csv").write_text("id,name,class,district\nn,New,pump,west\n")
    west.import_assets(tmp_path / "c.csv", "w")
    assert register.one("assets", "n").district == "west"


def test_no_route_tells_of_what_lies_outside(client: httpx.Client) -> None:
    """Every path that can be read, as it comes: nothing of the east, or a refusal."""
    refused = set()
    for method, path in ROUTES:
        if method != "GET" or "/x" in path:
            continue
        answer = client.get(path)
        if answer.status_code == 403:
            refused.add(path)
            assert "districts: came west" in answer.json()["detail"]
            continue
        assert answer.status_code in (200, 400, 404), (path, answer.text)
        assert EAST_ID not in answer.text, path
        assert "pump-e" not in answer.text, path
    assert {"/api/v0/snapshot", "/metrics", "/api/v1/audit", "/api/v1/map"} <= refused
    assert not {"/api/v1/assets", "/api/v1/alarms", "/api/v1/coverage"} & refused
    for form in ("geojson", "ngsi-ld", "sensorthings", "csv/assets", "csv/links"):
        text = client.get(f"/api/v1/export/{form}").text
        assert WEST_ID in text, form
        assert EAST_ID not in text, form


@pytest.mark.parametrize(
    "path",
    [
        f"/api/v1/assets/{EAST_ID}",
        "/api/v1/alarms/al-e",
        "/api/v1/channels/riverside/station/pump-e/flow",
    ],
)
def test_one_record_outside_is_not_found(client: httpx.Client, path: str) -> None:
    """As if it were not there at all."""
    assert client.get(path).status_code == 404
    inside = path.replace(EAST_ID, WEST_ID).replace("al-e", "al-w").replace("pump-e", "pump-w")
    assert client.get(inside).status_code == 200


def test_deeds_stay_inside(client: httpx.Client) -> None:
    """Over HTTP: 404 for what lies outside, for an alarm and for an order on an asset."""
    by = {"by": "x"}
    assert client.post("/api/v1/alarms/al-e/acknowledge", json=by).status_code == 404
    assert client.post("/api/v1/alarms/al-w/acknowledge", json=by).status_code == 200
    order: dict[str, Any] = by | {"title": "look", "severity": 0.5}
    outside = client.post("/api/v1/work-orders", json=order | {"asset": EAST_ID})
    assert outside.status_code == 404
    inside = client.post("/api/v1/work-orders", json=order | {"asset": WEST_ID})
    assert inside.status_code in (200, 201)
    assert inside.json()["opened_by"] == "token west"


WEST_FLOW, EAST_FLOW = "riverside/station/pump-w/flow", "riverside/station/pump-e/flow"


@pytest.mark.parametrize(
    ("deed", "said", "other"),
    [
        ("calibrate", {"done_ms": T0, "certificate": "C-1"}, {"certificate": "C-2"}),
        ("rate", {"accuracy": 0.5}, {"accuracy": 9}),
    ],
)
def test_channels_of_the_own_districts_are_calibrated(
    client: httpx.Client,
    register: Register,
    deed: str,
    said: dict[str, Any],
    other: dict[str, Any],
) -> None:
    """One that tells of the east, of both or of nothing is 403, and nothing is noted."""
    register.observe_births([birth(FLOW, device="pump-x")])
    said = {"by": "x", **said}
    noted = client.post(f"/api/v1/channels/{WEST_FLOW}/{deed}", json=said)
    assert noted.status_code == 200
    name, value = next((k, v) for k, v in said.items() if k in other)
    assert noted.json()[name] == value
    register.bind(WEST_FLOW, EAST_ID, "environment", "root")
    entries, before = register.verify_audit().entries, register.page("channels", Wanted({}))
    for one in (EAST_FLOW, "riverside/station/pump-x/flow", WEST_FLOW):
        refused = client.post(f"/api/v1/channels/{one}/{deed}", json=said | other)
        assert refused.status_code == 403, one
        assert refused.headers["content-type"] == "application/problem+json"
        told = "channel: came one that does not lie in your districts, allowed: west"
        assert refused.json()["detail"] == told
    assert register.verify_audit().entries == entries
    assert register.page("channels", Wanted({})) == before


def test_a_channel_of_another_district_is_not_bound(
    client: httpx.Client, register: Register
) -> None:
    """It stays theirs until they end the link; one that tells of nothing may be taken."""
    said = {"by": "x", "channel": EAST_FLOW, "asset": WEST_ID, "role": "environment"}
    entries, before = register.verify_audit().entries, register.page("links", Wanted({}))
    refused = client.post("/api/v1/links", json=said)
    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["detail"] == (
        f"channel: came '{EAST_FLOW}', which tells of an asset elsewhere, allowed: west"
    )
    assert register.verify_audit().entries == entries
    assert register.page("links", Wanted({})) == before
    (held,) = register.page("links", Wanted({"channel": EAST_FLOW})).items
    register.unbind(held.id, "root")
    assert client.post("/api/v1/links", json=said).status_code == 200
    again = client.post("/api/v1/links", json={**said, "role": "proxy"})
    assert again.status_code == 200, "what tells of the own assets is theirs to bind"


def test_narrowing_is_cheap(west: Register) -> None:
    """It comes with each request, so it must be little of a request's time."""
    began = time.thread_time()
    for _ in range(20):
        with west.database.reading() as connection:
            connection.execute(select(metadata.tables["asset"].c.id)).all()
    assert (time.thread_time() - began) / 20 < 0.02


def test_districts_of_users_are_kept(register: Register) -> None:
    """None is the whole city; a role may be given for other districts."""
    with register.changing("root") as writer:
        accounts.add(writer, "ann", "viewer", ["b", "a", "a"])
        accounts.add(writer, "bob", "viewer")
    with register.changing("root") as writer:
        accounts.set_role(writer, "ann", "viewer", ["c"])
    with register.database.reading() as connection:
        kept = {one.id: one.districts for one in accounts.every(connection)}
    assert kept == {"ann": ("c",), "bob": None}
    assert register.now_ms() == T0
