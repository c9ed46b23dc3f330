"""Data resources: what may be said of them, what flows, and who was faster."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio
from fastapi.routing import APIRoute

from lamppost.register.answering import PREFIX
from lamppost.register.records.store import Register
from lamppost.register.resources import api
from lamppost.register.resources.facts import EMPTY
from lamppost.register.resources.graph import THINGS_MAX
from lamppost.register.resources.values import BORN, FLOWS, KINDS

from .asking import asking, body, told
from .registers import CHANNEL, FLOW, LEVEL, T0, birth

STREAM = f"{CHANNEL}@{T0}"
PAGE = (Path(__file__).parents[2] / "docs" / "resources.md").read_text()


@pytest_asyncio.fixture
async def client(register: Register) -> AsyncIterator[httpx.AsyncClient]:
    """The API on a register with one device of two streams."""
    register.observe_births([birth(FLOW, LEVEL)])
    async with asking(register) as client:
        yield client


async def enter(client: httpx.AsyncClient, one: str, kind: str = "dataset", **said: Any) -> Any:
    """Enter a resource."""
    return await told(client, "resources", by="ada", id=one, kind=kind, name=one, **said)


async def connect(
    client: httpx.AsyncClient, source: str, target: str, status: int = 200
) -> Any:
    """Say that something flows."""
    return await told(client, "flows", status, by="ada", source=source, target=target)


async def test_a_resource_through_its_life(client: httpx.AsyncClient) -> None:
    """Entered restricted and unjudged, amended, attested, ended; each a version."""
    new = await enter(client, "flows")
    assert (new["version"], new["access"], new["personal_data"]) == (1, "restricted", None)
    assert new["provenance"] == "measured"
    at = "resources/flows"
    said: dict[str, Any] = {
        "owner": "City Water",
        "personal_data": False,
        "licence": "CC-BY-4.0",
    }
    now = await told(client, at, by="ada", version=1, access="public", **said)
    assert (now["version"], now["access"], now["owner"]) == (2, "public", "City Water")
    same = await told(client, at, by="ada", version=2, owner="City Water")
    assert same["version"] == 2
    seen = await told(client, f"{at}/attest", by="bob", version=2, review_due_on="2027-01-01")
    assert (seen["attested_by"], seen["attested_ms"], seen["version"]) == ("bob", T0, 3)
    assert (await told(client, f"{at}/end", by="ada"))["valid_to_ms"] == T0
    assert "has not ended" in await told(client, at, 409, by="ada", version=4, owner="x")
    assert (await body(client, "resources?kind=dataset"))["total"] == 0
    trail = await body(client, "audit?kind=resource&record=flows")
    assert [entry["what"] for entry in trail["items"]] == [
        "create", "update", "update", "close",
    ]  # fmt: skip


async def test_a_stale_version_is_refused(client: httpx.AsyncClient) -> None:
    """Of two stewards who read the same version, the second is told."""
    await enter(client, "flows")
    await told(client, "resources/flows", by="ada", version=1, owner="a")
    for path in ("resources/flows", "resources/flows/attest", "resources/flows/end"):
        said: dict[str, Any] = {} if path != "resources/flows" else {"owner": "b"}
        detail = await told(client, path, 409, by="bob", version=1, **said)
        assert "version: came 1, allowed: 2" in detail
    assert (await body(client, "resources/flows"))["owner"] == "a"


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"access": "public", "personal_data": False}, "only with a licence"),
    ({"access": "public", "licence": "CC0-1.0"}, "personal_data false"),
    ({"personal_data": True, "purpose": "billing"}, "legal_basis"),
    ({"cost_year": 10.0}, "both, or none"),
    ({"cost_year": 1.0, "currency": "eur"}, "ISO 4217"),
    ({"review_due_on": "2026-02-30"}, "a day, YYYY-MM-DD"),
    ({"endpoint_url": "javascript:alert(1)"}, "http(s)"),
    ({"endpoint_url": "https://me:secret@host/"}, "without a user"),
    ({"owner": "a\u202eb"}, "printable"),
    ({"keywords": ["a\nb"]}, "one line"),
    ({"owner": "x\x00"}, "printable"),
    ({"kind": "service", "gathers_class": "flow"}, "of a dataset"),
    ({"name": None}, "what people call it"),
    ({"id": "../etc"}, "letter or digit first"),
    ({"id": None}, "letter or digit first"),
    ({"kind": "node"}, "allowed: dataset"),
    ({"colour": "red"}, "colour"),
    ({"kind": "thing"}, "kind"),
    ({"about": STREAM}, "none where `about`"),
]


async def test_what_makes_no_sense_is_refused(client: httpx.AsyncClient) -> None:
    """With what came and what is allowed; nothing is entered."""
    for said, detail in REFUSED:
        whole: dict[str, Any] = {"by": "ada", "id": "d", "kind": "dataset", "name": "d", **said}
        assert detail in await told(client, "resources", 400, **whole)
    assert (await body(client, "resources?state=all"))["total"] == 0


async def test_hostile_names_stay_text(client: httpx.AsyncClient) -> None:
    """Markup, formulas and quotes are kept as they came."""
    name = "=cmd|' /C calc'!A0 <script>alert(1)</script> \"; DROP TABLE flow"
    new = await told(client, "resources", by="ada", id="x", kind="dataset", name=name)
    assert new["name"] == name
    things = (await body(client, "map"))["things"]
    assert name in {thing["name"] for thing in things}


async def test_an_entry_about_what_was_born(client: httpx.AsyncClient) -> None:
    """Who answers for a node stands on the map; a second entry and unknown nodes do not."""
    said: dict[str, Any] = {"by": "ada", "kind": "node", "about": "riverside/station"}
    new = await told(client, "resources", owner="City Water", **said)
    assert (new["name"], new["about"]) == ("riverside/station", "riverside/station")
    assert "not taken" in await told(client, "resources", 409, **said)
    assert "node: came" in await told(client, "resources", 404, **said | {"about": "a/b"})
    things = {one["key"]: one for one in (await body(client, "map"))["things"]}
    assert things["node:riverside/station"]["owner"] == "City Water"


async def test_only_known_pairs_flow_and_never_in_a_circle(client: httpx.AsyncClient) -> None:
    """Unknown pairs, missing ends and circles are refused; the same said twice is one."""
    for one in "abc":
        await enter(client, one)
    await enter(client, "s", "service")
    await enter(client, "k", "consumer")
    first = await connect(client, f"stream:{STREAM}", "dataset:a")
    assert (await connect(client, f"stream:{STREAM}", "dataset:a"))["id"] == first["id"]
    await connect(client, "dataset:a", "dataset:b")
    await connect(client, "dataset:b", "dataset:c")
    assert "circle" in await connect(client, "dataset:c", "dataset:a", 400)
    assert "circle" in await connect(client, "dataset:a", "dataset:a", 400)
    detail = await connect(client, "service:s", "dataset:a", 400)
    assert "came service to dataset, allowed: stream to dataset" in detail
    assert "which is a service" in await connect(client, "dataset:a", "consumer:s", 400)
    assert "which is a service" in await connect(client, "dataset:s", "consumer:nobody", 400)
    assert "resource: came" in await connect(client, "dataset:a", "service:nobody", 404)
    assert "KIND:ID" in await connect(client, "a", "dataset:b", 400)
    assert "indicator: came" in await connect(client, "consumer:k", "indicator:x", 404)


async def test_an_end_takes_its_flows_along(client: httpx.AsyncClient) -> None:
    """What has ended feeds nobody, and a flow may end by itself and begin again."""
    for one in "ab":
        await enter(client, one)
    await enter(client, "a2", "service")
    await connect(client, "dataset:a", "dataset:b")
    other = await connect(client, "dataset:b", "service:a2")
    await told(client, "resources/a/end", by="ada")
    open_ = await body(client, "flows")
    assert [line["id"] for line in open_["items"]] == [other["id"]]
    assert (await told(client, f"flows/{other['id']}/end", by="ada"))["valid_to_ms"] == T0
    assert "has not ended" in await connect(client, "dataset:a", "dataset:b", 400)
    assert "this very moment" in await connect(client, "dataset:b", "service:a2", 409)


async def test_the_map_follows_the_births(register: Register) -> None:
    """A dataset gathers by class and group; a stream born later falls in by itself."""
    register.observe_births([birth(FLOW, LEVEL)])
    async with asking(register) as client:
        await enter(client, "flows", gathers_class="flow", gathers_group="riverside")
        await enter(client, "elsewhere", gathers_group="hillside")
        await enter(client, "portal", "service")
        await connect(client, "dataset:flows", "service:portal")
        one = await body(client, "map/impact?of=riverside/station")
        assert one["lost"] == {"dataset": 1, "device": 1, "service": 1, "stream": 2}
        register.observe_births([birth(FLOW, node="other")])
        two = await body(client, "map/impact?of=node:riverside/station")
        assert two["lost"] == {"device": 1, "stream": 2}
        assert two["thinned"] == {"dataset": 1, "service": 1}
        seen = await body(client, "map?focus=service:portal")
        keys = {thing["key"] for thing in seen["things"]}
        assert "dataset:elsewhere" not in keys
        assert {"node:riverside/other", "dataset:flows", "service:portal"} <= keys
        answer = await client.get("map/impact?of=nobody")
        assert answer.status_code == 404


def test_the_page_says_what_the_code_does() -> None:
    """Kinds, flows, fields, paths and the bound: all of them, and no others."""
    part = PAGE.split("## Kinds")[1].split("## Flows")[0]
    assert re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE) == [*KINDS, *BORN]
    assert all(f"`{name}`" in part for name in EMPTY if name != "description")
    rows = re.findall(r"^\| (\w+) \| (\w+) \| (.+) \|$", PAGE, re.MULTILINE)
    assert [row for row in rows if row[0] != "from"] == [
        (*pair, how) for pair, how in FLOWS.items()
    ]
    told = re.findall(r"^\| `(GET|POST) (\S+)` \|", PAGE, re.MULTILINE)
    served = [
        (method, re.sub(r"\{\w+\}", "ID", route.path.removeprefix(PREFIX)))
        for route in api.router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    ]
    assert sorted(told) == sorted(served)
    assert f"more than {THINGS_MAX:,} things" in PAGE
