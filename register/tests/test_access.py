"""Access: every route against each role, tokens that end, names that are none."""

import inspect
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI, Request
from nicegui import Client
from sqlalchemy import select

from lamppost.register import app
from lamppost.register.access import callers
from lamppost.register.access.callers import DEMO, Caller
from lamppost.register.access.door import Door
from lamppost.register.access.gate import Gate
from lamppost.register.access.rules import MAY, PAGES, ROLES, RULES, needed
from lamppost.register.access.tables import token
from lamppost.register.access.tokens import DAY_MS, SHOWN_CHARS, issue, revoke
from lamppost.register.app import application
from lamppost.register.markup import tag
from lamppost.register.pages.reach import may_open, within_reach
from lamppost.register.pages.top import WAYS
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register
from lamppost.register.records.tables import entered
from lamppost.register.serve import Console

from .asking import fetch
from .city import City
from .registers import Clock
from .test_register_cli import Shell

ROUTES = [
    (method.upper(), re.sub(r"\{\w+\}", "x", path))
    for path, methods in application().openapi()["paths"].items()
    for method in methods
]
OPEN = {("GET", "/api/v0/health")}
"""And the public catalogue, whose route serves other formats too."""
ENGINEERS = (
    *("suppress", "unsuppress", "remove", "restore"),
    *("links", "calibrate", "rate", "commissionings"),
)


def allowed(method: str, path: str) -> set[str]:
    """Return the roles that may, told apart from the rules' own table."""
    if path == "/api/v1/audit":
        return {"auditor", "admin"}
    if method == "GET" or path.endswith("/evidence"):
        return set(ROLES)
    decided = ("requirements", "targets", "resources", "flows", "imports", "alarms/escalation")
    is_signed = path.endswith("/sign")
    if is_signed or path.startswith(tuple(f"/api/v1/{one}" for one in decided)):
        return {"steward", "admin"}
    if path.removesuffix("/x/end").rsplit("/", 1)[-1] in ENGINEERS:
        return {"engineer", "admin"}
    return {"operator", "engineer", "admin"}


@pytest_asyncio.fixture
async def client(register: Register) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application behind the gate that tells who is let in."""
    served = FastAPI()
    served.add_middleware(Gate)
    served.state.register, served.state.door = register, Door(register)

    @served.api_route("/{rest:path}", methods=["GET", "POST"])
    def inside(request: Request) -> dict[str, str | None]:
        return {"who": callers.of(request).name}

    transport = httpx.ASGITransport(served)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


def made(register: Register, role: str = "viewer", days: int = 1) -> str:
    """Return the secret of a new token."""
    with register.changing("ann") as writer:
        return issue(writer, f"{role}-script", role, days)


def bearer(secret: str) -> dict[str, str]:
    """Return the header that shows a token."""
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_has_a_rule(method: str, path: str) -> None:
    """A new route is decided on before it is served, and only some roles may change things."""
    needs = needed(method, path)
    assert needs is not None
    assert (needs == "anyone") == ((method, path) in OPEN)
    if needs != "anyone":
        assert {role for role in ROLES if needs in MAY[role]} == allowed(method, path)


def test_every_page_has_a_rule_and_sees_no_more_than_its_reader() -> None:
    """A page without one is not served; each gets the register as its reader may see it."""
    pages = {path for path in Client.page_routes.values() if path.startswith("/")}
    assert {re.sub(r"\{\w+\}", "{}", path) for path in pages} == {path for path, *_ in PAGES}
    source = inspect.getsource(app._add_pages)
    assert source.count("state.register") == 1, "pages take `seen(request)`"


def test_every_rule_has_a_route() -> None:
    """A rule for what is not served would let a later route in unseen."""
    served = {needed(*route) and _rule(*route) for route in ROUTES}
    unserved = {rule[:2] for rule in RULES} - served
    assert unserved == {
        ("GET", "/api/v0/openapi.json"),
        ("GET", "/api/v1/openapi.json"),
        ("GET", "/v1.1"),
        ("GET", "/api/v1/export/dcat"),
        ("GET", "/api/v1/export/dcat-turtle"),
    }


def _rule(method: str, path: str) -> tuple[str, str]:
    for known, rule, _ in RULES:
        text = re.escape(rule).replace(r"\{path\}", ".+").replace(r"\{\}", "x")
        if known == method and re.fullmatch(text, path):
            return known, rule
    raise AssertionError(f"no rule for {method} {path}")


def test_links_lead_only_where_who_looks_may_go() -> None:
    """Others become their words; what is around them, and links elsewhere, stay as they are."""
    request = Request({"type": "http", "state": {"caller": Caller("w", "viewer", ("west",))}})
    elsewhere = tag("a", "Grafana", href="https://grafana.example/map")
    found = tag("p", tag("a.x", tag("b", "Pump"), href="/map?focus=a%3Ab&hops=1"), " and ",
                tag("a", "Alarms", href="/alarms?state=x"), elsewhere)  # fmt: skip
    told = within_reach(found, request)
    assert told == tag("p", tag("span.x", tag("b", "Pump")), " and ",
                       tag("a", "Alarms", href="/alarms?state=x"), elsewhere)  # fmt: skip
    assert not may_open(Caller("v", "viewer"), "/import")
    assert not may_open(Caller("v", "viewer", ("west",)), "/indicators/iso%3A7.6?period=2025")
    assert may_open(Caller("v", "viewer"), "/indicators/iso%3A7.6?period=2025")
    assert all(may_open(DEMO, path) for path in WAYS)


async def test_each_role_gets_what_it_may_and_nothing_else(
    client: httpx.AsyncClient, register: Register
) -> None:
    """Over HTTP, every route: 401 without a token, 403 for the wrong role, else let in."""
    secrets = {role: made(register, role) for role in ROLES}
    for method, path in ROUTES:
        if (method, path) in OPEN:
            assert (await client.request(method, path)).json() == {"who": None}
            continue
        refused = await client.request(method, path)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Bearer")
        for role, secret in secrets.items():
            answer = await client.request(method, path, headers=bearer(secret))
            may = role in allowed(method, path)
            assert answer.status_code == (200 if may else 403), (role, method, path)
            if may:
                assert answer.json() == {"who": f"token {role}-script"}


async def test_a_token_ends_by_time_and_by_hand(
    client: httpx.AsyncClient, register: Register, clock: Clock
) -> None:
    """Expired and revoked tokens open nothing; the other still does."""
    short, long = made(register), made(register, days=2)
    asked = "/api/v1/assets"
    clock.now_ms += DAY_MS - 1
    assert (await client.get(asked, headers=bearer(short))).status_code == 200
    clock.now_ms += 1
    expired = await client.get(asked, headers=bearer(short))
    assert expired.status_code == 401
    assert f"token {short[:SHOWN_CHARS]}, which expired at 2025-" in expired.json()["detail"]
    assert (await client.get(asked, headers=bearer(long))).status_code == 200
    with register.changing("ann") as writer:
        revoke(writer, long[:SHOWN_CHARS])
    revoked = await client.get(asked, headers=bearer(long))
    assert revoked.status_code == 401
    assert "which was revoked at" in revoked.json()["detail"]


async def test_who_guesses_tokens_is_slowed_down(
    client: httpx.AsyncClient, register: Register, clock: Clock
) -> None:
    """By address: a minute's worth of wrong ones, then 429, which says how long to wait."""
    for _ in range(60):
        wrong = await client.get("/api/v1/assets", headers=bearer("lpt_no"))
        assert wrong.status_code == 401
    refused = await client.get("/api/v1/assets", headers=bearer("lpt_no"))
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    good = await client.get("/api/v1/assets", headers=bearer(made(register)))
    assert good.status_code == 200
    clock.now_ms += 1_000
    again = await client.get("/api/v1/assets", headers=bearer("lpt_no"))
    assert again.status_code == 401


@pytest.mark.parametrize(
    "spoil",
    [
        lambda s: f"Basic {s}",
        lambda s: f"Bearer {s}x",
        lambda s: f"Bearer {s[:SHOWN_CHARS]}",
        lambda s: f"Bearer {s.upper()}",
        lambda s: f"Bearer {s}{'a' * 5_000}",
        lambda s: s,
        lambda s: f"Bearer {s[:4]}' OR 1=1 --",
    ],
    ids=["scheme", "longer", "the-id", "case", "huge", "bare", "sql"],
)
async def test_what_is_no_token_is_refused(
    client: httpx.AsyncClient, register: Register, spoil: Callable[[str], str]
) -> None:
    """Nothing near a token is one, and the answer says nothing of how near."""
    headers = {"Authorization": spoil(made(register))}
    answer = await client.get("/api/v1/assets", headers=headers)
    assert answer.status_code == 401
    assert "allowed: Bearer" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/new", "/_nicegui", "/api/v1/", "/api/v1/new", "/v2"])
async def test_what_has_no_rule_is_not_served(
    client: httpx.AsyncClient, register: Register, path: str
) -> None:
    """Not even to an admin."""
    assert (await client.get(path)).status_code == 401
    admin = bearer(made(register, "admin"))
    assert (await client.get(path, headers=admin)).status_code == 404


async def test_a_method_that_a_path_does_not_have_is_told(
    client: httpx.AsyncClient, register: Register
) -> None:
    """Which it has; but not to somebody who has not said who they are."""
    assert (await client.put("/api/v1/assets")).status_code == 401
    answer = await client.put("/api/v1/assets", headers=bearer(made(register)))
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("name", ["", "a b", "ann\nbob", "<b>", "é", "a" * 65, "-x", "a\0"])
def test_hostile_names_are_refused(register: Register, name: str) -> None:
    """A token's name stands in the audit trail; it cannot pass for something else."""
    with pytest.raises(RefusedError, match="name: came"), register.changing("ann") as writer:
        issue(writer, name, "viewer", 1)
    assert not register.trail("token").items


def test_tokens_of_before_districts_are_in_the_trail_as_they_were(register: Register) -> None:
    """A column that came later is not entered while it says nothing: old entries hold."""
    secret = made(register)
    with register.database.reading() as connection:
        row = dict(connection.execute(select(token)).mappings().one())
    assert row["id"] == secret[:SHOWN_CHARS]
    assert "districts" not in entered(token, row)
    assert entered(token, {**row, "districts": ["west"]})["districts"] == ["west"]


@pytest.mark.sqlite
def test_the_secret_is_nowhere_in_the_database(register: Register) -> None:
    """Who steals the file has no token; making and ending one are in the trail."""
    secret = made(register)
    with register.changing("bob") as writer:
        assert revoke(writer, secret[:SHOWN_CHARS])
        assert not revoke(writer, secret[:SHOWN_CHARS])
    entries = register.trail("token").items
    assert [(one.who, one.what) for one in entries] == [("ann", "create"), ("bob", "close")]
    assert not register.verify_audit().faults
    files = register.database.file
    assert files is not None
    for file in files.parent.iterdir():
        assert secret.encode() not in file.read_bytes()


def test_tokens_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made, listed without its secret, revoked; a role that is none is wrong use."""
    monkeypatch.delenv("LAMPPOST_REGISTER_URL", raising=False)
    shell = Shell(tmp_path, capsys)
    told = shell.json("token", "add", "grafana", "--role", "viewer")
    assert told["secret"] not in (listed := shell("token", "list"))
    assert "holds" in listed
    assert "revoked" in shell("token", "revoke", told["id"])
    assert "revoked" in shell("token", "list")
    assert "days: came 0" in shell(
        "token", "add", "x", "--role", "admin", "--days", "0", code=1
    )


def test_a_console_with_access_asks_who_comes(register: Register) -> None:
    """The real console beyond loopback, and back to open in the same process."""
    city = City(register.now_ms())
    with pytest.raises(ValueError, match="there is none"):
        Console(city, port=0, access=True)
    served = Console(city, "0.0.0.0", 0, access=True, register=register)  # noqa: S104
    served.start()
    url = f"http://127.0.0.1:{served.port}"
    try:
        assert fetch(f"{url}/api/v0/health").status_code == 200
        page = fetch(f"{url}/")
        assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=%2F")
        assets = f"{url}/api/v1/assets"
        assert fetch(assets).status_code == 401
        header = bearer(made(register))
        assert fetch(assets, headers=header).status_code == 200
    finally:
        served.stop()


async def test_the_public_catalogue_needs_no_token(
    client: httpx.AsyncClient, clock: Clock
) -> None:
    """In both forms, to anyone, but not as often as they like; other formats need one."""
    for _ in range(15):
        for name in ("dcat", "dcat-turtle"):
            answer = await client.get(f"/api/v1/export/{name}")
            assert answer.json() == {"who": None}
    refused = await client.get("/api/v1/export/dcat")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
    clock.now_ms += 2_000
    assert (await client.get("/api/v1/export/dcat")).status_code == 200
    assert (await client.get("/api/v1/export/geojson")).status_code == 401
