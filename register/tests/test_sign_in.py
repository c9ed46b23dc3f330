"""Users and sessions over HTTP: who gets in, how long, and who is slowed down."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from lamppost.register.access import accounts, passwords, sessions
from lamppost.register.access.door import NOBODY
from lamppost.register.access.limits import Limit, source
from lamppost.register.access.signing import safe
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register
from lamppost.register.serve import Console

from .asking import PATIENCE_S, TRUST
from .city import City
from .consoles import serving
from .registers import Clock

PASSWORD = "correct horse battery"
HASH = passwords.hashed(PASSWORD)


def enter(register: Register, name: str, role: str, districts: list[str] | None = None) -> None:
    """Enter a user whose password is `PASSWORD`."""
    with register.changing("root") as writer:
        accounts.add(writer, name, role, districts, password=PASSWORD)


@pytest.fixture
def served(city: City, register: Register) -> Iterator[Console]:
    """A console with access on, and one operator."""
    enter(register, "ann", "operator")
    with serving(city, register, access=True) as console:
        yield console


@pytest.fixture
def client(served: Console) -> Iterator[httpx.Client]:
    """A browser without pictures."""
    with httpx.Client(
        base_url=served.url, trust_env=False, timeout=PATIENCE_S, verify=TRUST
    ) as client:
        client.headers["origin"] = served.url
        yield client


def token_of(page: httpx.Response) -> str:
    """Return what the form of a page carries."""
    text = page.text.replace("\\", "")  # a page of NiceGUI holds it as JSON
    found = re.search(r'name="csrf_token" value="([0-9a-f]{64})"', text)
    assert found, page.text
    return found[1]


def sign_in(
    client: httpx.Client, name: str = "ann", password: str = PASSWORD, back: str = "/"
) -> httpx.Response:
    """Fill in the form and send it."""
    form = {"csrf_token": token_of(client.get("/sign-in"))}
    return client.post(
        "/sign-in", data=form | {"name": name, "password": password, "next": back}
    )


def test_a_user_comes_in_reads_and_leaves(client: httpx.Client, register: Register) -> None:
    """From the redirect to the page and out again; each step is in the trail, no secret is."""
    asked = client.get("/alarms?state=shelved")
    assert asked.headers["location"] == "/sign-in?next=%2Falarms%3Fstate%3Dshelved"
    entered = sign_in(client, back="/alarms?state=shelved")
    assert (entered.status_code, entered.headers["location"]) == (303, "/alarms?state=shelved")
    cookie = entered.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=lax", "Path=/"))
    assert "Secure" not in cookie
    page = client.get("/alarms")
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert client.get("/api/v1/alarms").status_code == 200
    left = client.post("/sign-out", data={"csrf_token": token_of(page)})
    assert left.headers["location"] == "/sign-in"
    assert client.get("/api/v1/alarms").status_code == 401
    trail = [(one.who, one.what) for one in register.trail("session").items]
    assert trail == [("ann", "create"), ("ann", "close")]
    kept = str(register.trail().items)
    assert HASH[:20] not in kept
    assert "argon2" not in kept
    assert not register.verify_audit().faults


def test_a_session_of_https_has_a_secure_cookie(client: httpx.Client) -> None:
    """A proxy with TLS on this machine says how it was asked."""
    client.headers["x-forwarded-proto"] = "https"
    client.headers["origin"] = str(client.base_url).rstrip("/").replace("http:", "https:")
    page = client.get("/sign-in")
    client.headers["cookie"] = page.headers["set-cookie"].partition(";")[0]
    told = {"csrf_token": token_of(page), "name": "ann", "password": PASSWORD}
    answer = client.post("/sign-in", data=told)
    assert "Secure" in answer.headers["set-cookie"]


def test_a_new_session_each_time(client: httpx.Client) -> None:
    """What was in the cookie before sign-in opens nothing after it, and the old one ends."""
    client.cookies.set("lamppost", "planted")
    sign_in(client)
    first = client.cookies.get("lamppost", domain="127.0.0.1")
    assert first != "planted"
    page = client.get("/alarms")
    assert client.get("/sign-in").headers["location"] == "/"
    client.post("/sign-out", data={"csrf_token": token_of(page)})
    client.cookies.clear()
    client.cookies.set("lamppost", str(first))
    assert client.get("/api/v1/assets").status_code == 401


@pytest.mark.parametrize(
    ("past_ms", "status"),
    [(sessions.IDLE_MS - 1, 200), (sessions.IDLE_MS, 401)],
    ids=["in time", "idle"],
)
def test_an_idle_session_ends(
    client: httpx.Client, clock: Clock, past_ms: int, status: int
) -> None:
    """Who goes away is signed out."""
    sign_in(client)
    clock.now_ms += past_ms
    assert client.get("/api/v1/assets").status_code == status


def test_a_session_in_use_ends_too(client: httpx.Client, clock: Clock) -> None:
    """Use keeps it from being idle, but not beyond its whole time."""
    sign_in(client)
    step_ms = sessions.WHOLE_MS // 8
    for _ in range(7):
        clock.now_ms += step_ms
        assert client.get("/api/v1/assets").status_code == 200
    clock.now_ms += step_ms
    ended = client.get("/api/v1/assets")
    assert ended.status_code == 401
    assert "a session that has ended" in ended.json()["detail"]


@pytest.mark.parametrize("deed", ["disable", "password"])
def test_sessions_end_with_the_user_and_the_password(
    client: httpx.Client, register: Register, deed: str
) -> None:
    """At once, and the old password opens nothing more."""
    sign_in(client)
    with register.changing("root") as writer:
        if deed == "disable":
            accounts.disable(writer, "ann")
        else:
            accounts.set_password(writer, "ann", "another long password")
    assert client.get("/api/v1/assets").status_code == 401
    assert sign_in(client).status_code == 401


def test_a_wrong_name_and_a_wrong_password_look_the_same(
    client: httpx.Client, register: Register
) -> None:
    """The page does not tell which users there are; the trail does not keep what was typed."""
    wrong = sign_in(client, password="wrong, but long enough")
    unknown = sign_in(client, name="my secret by mistake")
    assert wrong.status_code == unknown.status_code == 401
    told = re.sub(r'value="[^"]*"', "", wrong.text)
    assert told == re.sub(r'value="[^"]*"', "", unknown.text)
    noted = register.trail("refusal").items
    assert [(one.who, one.record) for one in noted] == [("sign-in", "ann"), ("sign-in", NOBODY)]
    assert "mistake" not in str(noted)
    assert not register.verify_audit().faults


def test_guessing_is_slowed_down_by_user(client: httpx.Client, clock: Clock) -> None:
    """Five tries, then one a minute, with the right password too; the page says how long."""
    for _ in range(5):
        assert sign_in(client, password="wrong, wrong, wrong").status_code == 401
    refused = sign_in(client)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert "Try again in 60 seconds" in refused.text
    clock.now_ms += 60_000
    assert sign_in(client).status_code == 303


def test_guessing_is_slowed_down_by_address(client: httpx.Client) -> None:
    """Other names do not help; who gets in has used up nothing."""
    assert sign_in(client).status_code == 303
    client.cookies.clear()
    codes = [sign_in(client, name=f"nobody-{n}").status_code for n in range(11)]
    assert codes == [401] * 10 + [429]


def test_a_limit_forgets_and_is_bounded() -> None:
    """Tries come back one by one; success gives all of them back."""
    limit = Limit(2, 1_000)
    assert [limit.take("a", 0) for _ in range(3)] == [0, 0, 1]
    assert limit.take("b", 0) == 0
    assert [limit.take("a", 1_000) for _ in range(2)] == [0, 1]
    limit.give_back("b")
    assert [limit.take("b", 0) for _ in range(3)] == [0, 0, 1]
    limit.forget("a")
    assert [limit.take("a", 1_000) for _ in range(3)] == [0, 0, 1]


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "20010db800010002/64"),
        ("2001:db8:1:2::9", "20010db800010002/64"),
        ("unknown", "unknown"),
    ],
)
def test_a_network_is_one_source(address: str, counted: str) -> None:
    """Who has one IPv6 address has a lot of them."""
    assert source(address) == counted


@pytest.mark.sqlite
def test_a_database_that_is_away_is_told(
    client: httpx.Client, register: Register, tmp_path: Path
) -> None:
    """503, for the session and for the form; nobody is let in, and it goes on afterwards."""
    sign_in(client)
    assert register.database.file is not None
    register.close()
    register.database.file.rename(tmp_path / "away")
    register.database.file.mkdir()
    assert client.get("/api/v1/assets").status_code == 503
    assert client.get("/sign-in").status_code == 503
    register.close()
    register.database.file.rmdir()
    (tmp_path / "away").rename(register.database.file)
    assert client.get("/api/v1/assets").status_code == 200


@pytest.mark.parametrize("name", ["a\0b", "x" * 5_000, "ann' --", "\ud7ff"])
def test_a_hostile_name_is_just_wrong(client: httpx.Client, name: str) -> None:
    """It reaches no query, and is not kept."""
    assert sign_in(client, name=name).status_code in (400, 401)


@pytest.mark.parametrize("spoil", ["origin", "token", "cookie"])
def test_a_foreign_sign_in_form_is_refused(client: httpx.Client, spoil: str) -> None:
    """Else a foreign page could sign somebody in as somebody else."""
    form = {"csrf_token": token_of(client.get("/sign-in")), "name": "ann", "password": PASSWORD}
    if spoil == "origin":
        del client.headers["origin"]
    elif spoil == "token":
        form["csrf_token"] = "0" * 64
    else:
        client.cookies.clear()
    assert client.post("/sign-in", data=form).status_code == 403
    assert client.get("/api/v1/assets").status_code == 401


def test_what_a_session_changes_needs_its_token(client: httpx.Client) -> None:
    """Over the API too: the cookie alone, or a foreign origin, does nothing."""
    sign_in(client)
    path, body = "/api/v1/alarms/a/acknowledge", {"by": "x"}
    refused = client.post(path, json=body)
    assert refused.status_code == 403
    assert "csrf_token: came another one" in refused.json()["detail"]
    token = token_of(client.get("/alarms"))
    header = {"X-CSRF-Token": token}
    assert client.post(path, json=body, headers=header).status_code == 404
    foreign = header | {"origin": "https://evil.example"}
    assert client.post(path, json=body, headers=foreign).status_code == 403
    del client.headers["origin"]
    assert client.post(path, json=body, headers=header).status_code == 403


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "\n//evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
        "/sign-in?next=/",
        "/" + "a" * 1_001,
    ],
)
def test_sign_in_leads_nowhere_else(target: str) -> None:
    """No open redirect, however it is written."""
    assert safe(target) == "/"


@pytest.mark.parametrize("target", ["/", "/alarms?state=shelved&class=", "/assets/p-1#work"])
def test_sign_in_leads_on(target: str) -> None:
    """To the page that was asked for."""
    assert safe(target) == target


@pytest.mark.parametrize(
    ("name", "role", "districts", "password", "told"),
    [
        ("Ann", "viewer", None, PASSWORD, "name: came 'Ann'"),
        ("births", "viewer", None, PASSWORD, "name: came 'births'"),
        ("a" * 65, "viewer", None, PASSWORD, "name: came"),
        ("bob", "root", None, PASSWORD, "role: came 'root'"),
        ("bob", "viewer", [], PASSWORD, "district: came 0 of them"),
        ("bob", "viewer", ["a\0"], PASSWORD, "district: came"),
        ("bob", "viewer", None, "short", "password: came 5 characters"),
        ("bob", "viewer", None, "xxxxxxxxx-BOB-x", "the user's name in it"),
        ("bob", "viewer", None, "x" * 257, "password: came 257"),
    ],
)
def test_hostile_users_are_refused(
    register: Register,
    name: str,
    role: str,
    districts: list[str] | None,
    password: str,
    told: str,
) -> None:
    """Nothing is entered, and the message says what is allowed."""
    with (
        pytest.raises(RefusedError, match=re.escape(told)),
        register.changing("root") as writer,
    ):
        accounts.add(writer, name, role, districts, password=password)
    assert not register.trail("account").items


def test_a_password_is_kept_as_a_strong_hash() -> None:
    """Argon2id, salted; typed on another keyboard it is the same; too long is just wrong."""
    assert passwords.STRONG.hash(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.hashed(PASSWORD) != HASH
    assert passwords.matches(HASH, PASSWORD)
    assert not passwords.matches(HASH, PASSWORD + "x")
    assert not passwords.matches(None, "nobody has this password, whoever types it")
    assert not passwords.matches(HASH, "x" * 100_000)
    assert not passwords.matches("no hash", PASSWORD)
    assert passwords.matches(passwords.hashed("mü" * 6), "mu\u0308" * 6)
