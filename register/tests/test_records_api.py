"""The records over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text

from lamppost.register.records.births import ChannelSeen
from lamppost.register.records.store import Register
from lamppost.register.serve import Console

from .asking import asking, fetch, served
from .city import City
from .registers import CHANNEL, FLOW, LEVEL, T0, Clock, birth
from .test_records_import import PUMPS, taken

KINDS = ("assets", "nodes", "devices", "channels", "streams", "links")
ODD = ChannelSeen("speed %/ü?#", "double", "rpm")


@pytest.fixture
def city(register: Register, tmp_path: Path, clock: Clock) -> Register:
    """Three assets, a node with three channels, a link; level has ended."""
    taken(register, tmp_path, PUMPS)
    clock.now_ms += 1_000
    register.observe_births([birth(FLOW, LEVEL, ODD)])
    register.observe_births([birth(FLOW, ODD, at_ms=T0 + 500)])
    register.bind(CHANNEL, "pump-1", "capacity_use", "ada", T0)
    return register


@pytest_asyncio.fixture
async def client(city: Register) -> AsyncIterator[httpx.AsyncClient]:
    """The API alone, without page and port."""
    transport = httpx.ASGITransport(served(city))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as asking:
        yield asking


async def body(client: httpx.AsyncClient, path: str) -> Any:
    """Ask, and return the answer."""
    answer = await client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer: httpx.Response, status: int) -> str:
    """Return the detail of an error, after checking that it is a problem document."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["detail"])


@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_is_listed_and_each_record_has_an_address(
    client: httpx.AsyncClient, kind: str
) -> None:
    """What a list holds can be asked for by its id, whatever is in the id."""
    page = await body(client, f"{kind}?state=all")
    assert page["total"] == len(page["items"]) > 0
    for item in page["items"]:
        assert await body(client, f"{kind}/{quote(item['id'])}") == item
        assert item["created_ms"] <= item["updated_ms"]


async def test_an_asset_has_all_its_fields(client: httpx.AsyncClient) -> None:
    """Field names are those of `values`."""
    pump = await body(client, "assets/pump-1")
    assert pump["asset_class"] == "pump"
    assert (pump["capacity"], pump["capacity_unit"]) == (120.0, "L/s")
    assert pump["external_ids"] == {"gis": "G-2"}
    assert (pump["valid_from_ms"], pump["valid_to_ms"]) == (T0, None)


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        ("assets?class=pump", ["pump-1", "pump-2"]),
        ("assets?parent=station&criticality=4", ["pump-1", "pump-2"]),
        ("assets?criticality=5", ["station"]),
        (f"assets?changed_since_ms={T0 + 1}", []),
        ("nodes?group=elsewhere", []),
        ("channels?class=flow", [CHANNEL]),
        ("channels?state=closed", ["riverside/station/pump-1/level"]),
        ("channels?unit_ok=false", ["riverside/station/pump-1/speed %/ü?#"]),
        (f"streams?channel={quote(CHANNEL)}", [f"{CHANNEL}@{T0}"]),
        (f"channels?at_ms={T0 - 1}", []),
        ("devices?node=riverside/station", ["riverside/station/pump-1"]),
    ],
)
async def test_lists_can_be_narrowed(
    client: httpx.AsyncClient, path: str, ids: list[str]
) -> None:
    """By what a record is, whether it holds, when it held, and when it changed."""
    assert [item["id"] for item in (await body(client, path))["items"]] == ids


async def test_pages_hold_everything_once(client: httpx.AsyncClient, city: Register) -> None:
    """`next` leads on, also as a Link header; filters stay; the last page has none."""
    many = [birth(FLOW, node=f"n{number:02}") for number in range(25)]
    city.observe_births(many)
    path: str | None = "/api/v1/nodes?group=riverside&limit=10"
    seen, pages = [], 0
    while path:
        answer = await client.get(path)
        page = answer.json()
        assert page["total"] == 26
        seen += [item["id"] for item in page["items"]]
        pages += 1
        path = answer.links["next"]["url"] if "next" in answer.links else None
        assert (path is None) == (page["next"] is None)
    assert pages == 3
    assert seen == sorted({f"riverside/{one.node}" for one in many} | {"riverside/station"})


async def test_an_etag_spares_the_answer_until_something_changes(
    client: httpx.AsyncClient, city: Register
) -> None:
    """304 has no body; any change of a record on the page gives another tag."""
    first = await client.get("/api/v1/channels")
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    for given in (tag, f'W/{tag}, "other"', "*"):
        again = await client.get("/api/v1/channels", headers={"If-None-Match": given})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    city.calibrate(CHANNEL, "ada", T0)
    changed = await client.get("/api/v1/channels", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("assets?owenr=x", 400, "owenr: came 'x', Extra inputs are not permitted"),
        ("assets?asset_class=pump", 400, "asset_class: came 'pump'"),
        ("assets?limit=0", 400, "limit: came '0'"),
        ("assets?limit=1001", 400, "limit: came '1001'"),
        ("assets?criticality=6", 400, "criticality: came '6'"),
        ("assets?state=gone", 400, "state: came 'gone'"),
        ("assets?at_ms=-1", 400, "at_ms: came '-1'"),
        ("assets?owner=%00", 400, "owner: came '\\x00'"),
        ("links?role=owner", 400, "role: came 'owner'"),
        ("audit?kind=audit", 400, "kind: came 'audit'"),
        ("audit?after=x", 400, "after: came 'x'"),
        ("assets/pump-9", 404, "no record 'pump-9'; /api/v1/assets lists them"),
        ("assets/%00", 404, "no record"),
        ("asset", 404, "no resource 'asset'; there are: assets, nodes"),
    ],
)
async def test_what_cannot_be_answered_says_why(
    client: httpx.AsyncClient, path: str, status: int, told: str
) -> None:
    """A filter that nobody knows is an error: ignored, it would answer with everything."""
    assert told in refused(await client.get(f"/api/v1/{path}"), status)


async def test_the_trail_can_be_read(client: httpx.AsyncClient) -> None:
    """By record, in order, in pages."""
    page = await body(client, "audit?kind=asset&limit=2")
    assert (page["total"], page["next"]) == (3, "2")
    assert [entry["seq"] for entry in page["items"]] == [1, 2]
    rest = await body(client, "audit?kind=asset&limit=2&after=2")
    assert [entry["record"] for entry in rest["items"]] == ["pump-2"]
    (one,) = (await body(client, f"audit?record={quote(CHANNEL)}"))["items"]
    assert (one["who"], one["what"], one["kind"]) == ("births", "create", "channel")


async def test_nothing_can_be_written(client: httpx.AsyncClient) -> None:
    """Read-only, until there is somebody to write as."""
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = await client.request(method, "/api/v1/assets/pump-1")
        assert answer.status_code == 405


async def test_the_description_names_every_filter_and_field(client: httpx.AsyncClient) -> None:
    """Clients can be made from it."""
    document = await body(client, "openapi.json")
    asked = document["paths"]["/api/v1/assets"]["get"]["parameters"]
    assert {"class", "district", "state", "at_ms", "after", "limit"} <= {
        p["name"] for p in asked
    }
    schemas = document["components"]["schemas"]
    assert "capacity_basis" in schemas["Asset"]["properties"]
    errors = document["paths"]["/api/v1/assets/{record}"]["get"]["responses"]
    assert "application/problem+json" in errors["404"]["content"]


async def test_a_database_that_is_away_is_a_503(
    client: httpx.AsyncClient, city: Register, caplog: pytest.LogCaptureFixture
) -> None:
    """The reader is told to come again, and nothing of the database's inside."""
    with city.database.writing() as connection:
        connection.execute(text("ALTER TABLE stream RENAME TO gone"))
    told = refused(await client.get("/api/v1/streams"), 503)
    assert told == "the register's database does not answer; the log says why"
    assert "stream" in caplog.text


def test_the_console_serves_the_records(city: Register) -> None:
    """On the console's port, behind the same guard; without a register it says so."""
    for register, status in ((city, 200), (None, 503)):
        console = Console(City(T0), port=0, register=register)
        console.start()
        try:
            url = f"{console.url}/api/v1/assets"
            assert fetch(url).status_code == status
            foreign = fetch(url, headers={"Host": "evil.example"})
            assert "came 'evil.example'" in refused(foreign, 403)
        finally:
            console.stop()


async def test_a_refusal_does_not_repeat_what_was_sent(register: Register) -> None:
    """Neither a large value, nor a large name, nor thousands of them."""
    bodies = (
        {"by": "x" * 500_000},
        {"by": "ada", "y" * 500_000: 1},
        {f"field-{n}": n for n in range(5_000)},
        {"by": {"a": ["z" * 400_000]}},
    )
    async with asking(register) as client:
        for said in bodies:
            answer = await client.post("alarms/a/acknowledge", json=said)
            assert answer.status_code == 400
            assert len(answer.content) < 3_000
            assert "came" in answer.json()["detail"]
        long = await client.get(f"nothing/{'p' * 50_000}")
        assert (long.status_code, len(long.content) < 3_000) == (404, True)
