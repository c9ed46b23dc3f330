"""Signing in by an OIDC provider: a library's, and one that lies."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from html import escape
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from lamppost.register.access import accounts, oidc, provider, sessions
from lamppost.register.access.oidc import Oidc, OidcError
from lamppost.register.access.provider import FILE, OidcFileError
from lamppost.register.access.sessions import form_token
from lamppost.register.records.store import Register

from .asking import PATIENCE_S, TRUST
from .city import City
from .consoles import serving
from .providers import CLIENT_ID, SECRET, Liar, lying, mock_provider
from .test_sign_in import enter

ROLES = '[roles]\n"ops" = "operator"\n"all" = "viewer"\n'


def configure(folder: Path, issuer: str, more: str = "", roles: str = ROLES) -> None:
    """Write the file that names the provider, and its secret."""
    secret = folder / "oidc.secret"
    secret.write_text(SECRET + "\n")
    secret.chmod(0o600)
    told = f'issuer = "{issuer}"\nclient_id = "{CLIENT_ID}"\nsecret_file = "oidc.secret"\n'
    (folder / FILE).write_text(told + more + roles)


@contextmanager
def browsing(city: City, register: Register) -> Iterator[httpx.Client]:
    """Serve the register with sign-in; gives a browser."""
    with (
        serving(city, register, access=True) as console,
        httpx.Client(
            base_url=console.url, trust_env=False, timeout=PATIENCE_S, verify=TRUST
        ) as client,
    ):
        yield client


@pytest.fixture
def liar(register: Register) -> Iterator[Liar]:
    """A provider that says what a test wants; the register knows it."""
    with lying(Liar()) as one:
        configure(register.data_dir, one.issuer, 'district_claim = "districts"\n')
        one.claims["districts"] = "*"
        yield one


@pytest.fixture
def client(liar: Liar, city: City, register: Register) -> Iterator[httpx.Client]:
    """A browser at a console that knows the liar."""
    assert liar.issuer
    with browsing(city, register) as client:
        yield client


def sign_out(client: httpx.Client) -> httpx.Response:
    """Press the button of a page."""
    origin = str(client.base_url).rstrip("/")
    token = form_token(client.cookies["lamppost"])
    return client.post("/sign-out", data={"csrf_token": token}, headers={"Origin": origin})


def come_back(client: httpx.Client, liar: Liar, path: str = "/alarms") -> httpx.Response:
    """Go to the provider and return, as a browser does."""
    sent = client.get("/sign-in/oidc", params={"next": path})
    assert sent.status_code == 303, sent.text
    return client.get(liar.authorize(sent.headers["location"]))


def test_somebody_comes_in_by_a_library_s_provider(city: City, register: Register) -> None:
    """From the button to the page; they are entered as a user, with the role of the claim."""
    told = {"sub": "s-9", "preferred_username": "Eva", "realm": {"groups": ["x", "ops"]}}
    with mock_provider(**told) as issuer:
        configure(register.data_dir, issuer, 'role_claim = "realm.groups"\ntitle = "City"\n')
        with browsing(city, register) as client:
            page = client.get("/sign-in?next=/alarms")
            assert "Sign in with City" in page.text
            sent = client.get("/sign-in/oidc?next=/alarms")
            with httpx.Client(trust_env=False, timeout=PATIENCE_S, verify=TRUST) as elsewhere:
                chosen = elsewhere.post(sent.headers["location"], data={"sub": "s-9"})
            back = client.get(chosen.headers["location"])
            assert (back.status_code, back.headers["location"]) == (303, "/alarms")
            assert client.get("/alarms").status_code == 200
            left = sign_out(client)
            onward = left.headers["refresh"].removeprefix("0; url=")
            assert onward.startswith(f"{issuer}/oauth2/end_session?")
            with httpx.Client(trust_env=False, timeout=PATIENCE_S, verify=TRUST) as elsewhere:
                assert elsewhere.get(onward).status_code == 200
                ended = elsewhere.post(
                    f"{issuer}/oauth2/end_session/confirm",
                    data={"redirect_uri": str(client.base_url.join("/sign-in"))},
                )
            assert client.get(ended.headers["location"]).status_code == 200
            assert client.get("/alarms").status_code == 303
    with register.database.reading() as connection:
        (user,) = accounts.every(connection)
    assert (user.id, user.role, user.subject) == ("eva", "operator", f"{issuer} s-9")
    entered = register.trail("session").items
    assert [(one.who, one.what) for one in entered] == [("eva", "create"), ("eva", "close")]


def test_who_signs_out_is_sent_to_the_provider(
    client: httpx.Client, liar: Liar, register: Register
) -> None:
    """With the token it gave and the way back; the session here has ended before."""
    liar.metadata["end_session_endpoint"] = f"{liar.issuer}/end?realm=a"
    assert come_back(client, liar).status_code == 303
    left = sign_out(client)
    assert left.status_code == 200
    onward = left.headers["refresh"].removeprefix("0; url=")
    address, _, query = onward.partition("?")
    assert address == f"{liar.issuer}/end"
    told = {name: values[0] for name, values in parse_qs(query).items()}
    assert jwt.decode(told.pop("id_token_hint"), liar.published).claims["sub"] == "s-1"
    back = f"http://{client.base_url.netloc.decode()}/sign-in"
    assert told == {"realm": "a", "client_id": CLIENT_ID, "post_logout_redirect_uri": back}
    assert escape(onward) in left.text
    assert "lamppost" not in client.cookies
    assert register.trail("session").items[-1].what == "close"


@pytest.mark.parametrize("end", [None, "http://evil.example/end", "", 7])
def test_without_a_place_to_sign_out_it_is_local(
    client: httpx.Client, liar: Liar, end: object
) -> None:
    """The provider announces none, or one that anybody on the way could read."""
    liar.metadata["end_session_endpoint"] = end
    assert come_back(client, liar).status_code == 303
    left = sign_out(client)
    assert (left.status_code, left.headers["location"]) == (303, "/sign-in")
    assert client.get("/alarms").status_code == 303


def test_who_came_by_password_leaves_here_only(
    client: httpx.Client, liar: Liar, register: Register
) -> None:
    """The provider does not know them."""
    liar.metadata["end_session_endpoint"] = f"{liar.issuer}/end"
    enter(register, "ann", "viewer")
    client.cookies.set("lamppost", _begun(register, "ann"))
    assert sign_out(client).status_code == 303


def test_tokens_for_sign_out_are_bounded(
    liar: Liar, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has none any more is sent without; a long one is not kept."""
    monkeypatch.setattr(oidc, "HINTS_MAX", 2)
    liar.metadata["end_session_endpoint"] = f"{liar.issuer}/end"
    known = provider.read(register.data_dir)
    assert known is not None
    one = Oidc(known)
    for name in ("a", "b", "c"):
        one.remember(name, f"token-{name}")
    one.remember("long", "x" * 20_000)
    told = [str(one.leave(name, "http://x/sign-in")) for name in ("a", "b", "c", "c", "long")]
    assert ["id_token_hint" in address for address in told] == [False, True, True, False, False]


def _begun(register: Register, name: str) -> str:
    with register.changing(name) as writer:
        return sessions.begin(writer, name, "127.0.0.1", "password")


def test_the_role_follows_the_claim(
    client: httpx.Client, liar: Liar, register: Register
) -> None:
    """At each sign-in, with the districts; who may do nothing more is turned away."""
    assert come_back(client, liar).status_code == 303
    liar.claims |= {"roles": "all", "districts": ["west"], "preferred_username": "new-name"}
    assert come_back(client, liar).status_code == 303
    with register.database.reading() as connection:
        (user,) = accounts.every(connection)
    assert (user.id, user.role, user.districts) == ("eva", "viewer", ("west",))
    liar.claims["roles"] = ["unknown"]
    refused = come_back(client, liar)
    assert refused.status_code == 403
    assert "could not be signed in" in refused.text
    noted = register.trail("refusal").items
    assert "roles: came none that [roles] knows" in str(noted[-1].after)
    assert not register.verify_audit().faults


OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one"}, private=True)

LIES: dict[str, Callable[[Liar], object]] = {
    "nonce": lambda liar: liar.claims.update(nonce="of another flow"),
    "no nonce": lambda liar: liar.claims.update(nonce=None),
    "audience": lambda liar: liar.claims.update(aud="somebody else"),
    "party": lambda liar: liar.claims.update(aud=[CLIENT_ID, "x"], azp="x"),
    "issuer": lambda liar: liar.claims.update(iss="https://evil.example"),
    "expired": lambda liar: liar.claims.update(exp=int(time.time()) - 3_600),
    "no expiry": lambda liar: liar.claims.update(exp=None),
    "no subject": lambda liar: liar.claims.update(sub=None),
    "no name": lambda liar: liar.claims.update(preferred_username=None),
    "hostile name": lambda liar: liar.claims.update(preferred_username="<b>"),
    "no districts": lambda liar: liar.claims.update(districts=None),
    "key": lambda liar: liar.sign_with(OTHER_KEY),
    "shared secret": lambda liar: liar.sign_with(OctKey.import_key(SECRET * 3), "HS256"),
}


LIES_TOLD = {
    "nonce": "nonce",
    "no nonce": "nonce",
    "audience": "aud",
    "party": "azp: came 'x'",
    "issuer": "iss",
    "expired": "expired_token",
    "no expiry": "Missing claim: 'exp'",
    "no subject": "Missing claim: 'sub'",
    "no name": "preferred_username: came None",
    "hostile name": "name: came '<b>'",
    "no districts": "district: came 0 of them",
    "key": "bad_signature",
    "shared secret": "unsupported_algorithm",
}
"""What the trail says of each."""


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_lets_nobody_in(
    client: httpx.Client, liar: Liar, register: Register, lie: str
) -> None:
    """No user, no session; an entry in the trail says what was wrong."""
    LIES[lie](liar)
    assert come_back(client, liar).status_code == 403
    assert not register.trail("account").items
    assert not register.trail("session").items
    (refusal,) = register.trail("refusal").items
    assert LIES_TOLD[lie] in refusal.after


@pytest.mark.parametrize("spoil", ["state", "cookie", "twice", "code", "error"])
def test_an_answer_to_no_flow_lets_nobody_in(
    client: httpx.Client, liar: Liar, register: Register, spoil: str
) -> None:
    """Else somebody could be signed in as somebody else, or a code be used again."""
    sent = client.get("/sign-in/oidc")
    address = liar.authorize(sent.headers["location"])
    if spoil == "state":
        address = address.partition("&state=")[0] + "&state=x"
    elif spoil == "cookie":
        client.cookies.clear()
    elif spoil == "code":
        address = address.replace("code=", "code=x")
    elif spoil == "error":
        address = address.replace("code=", "error=access_denied&x=")
    else:
        assert client.get(address).status_code == 303
        client.cookies.delete("lamppost")
    assert client.get(address).status_code == 403
    assert len(register.trail("session").items) == (spoil == "twice")


def test_nobody_takes_over_a_local_user(
    client: httpx.Client, liar: Liar, register: Register
) -> None:
    """A name that is taken, and a user who is disabled, stay out."""
    with register.changing("root") as writer:
        accounts.add(writer, "eva", "admin")
    assert come_back(client, liar).status_code == 403
    liar.claims["preferred_username"] = "eva2"
    assert come_back(client, liar).status_code == 303
    with register.changing("root") as writer:
        accounts.disable(writer, "eva2")
    assert come_back(client, liar).status_code == 403


def test_a_provider_that_is_away_or_another_is_told(
    client: httpx.Client, liar: Liar, register: Register
) -> None:
    """The browser is sent nowhere, and the page says that it is not its fault."""
    liar.metadata["issuer"] = "https://evil.example"
    assert client.get("/sign-in/oidc").status_code == 502
    liar.metadata = {"token_endpoint": "http://evil.example/token"}
    assert client.get("/sign-in/oidc").status_code == 502
    known = provider.read(register.data_dir)
    assert known is not None
    away = Oidc(replace(known, issuer="http://127.0.0.1:9"))
    with pytest.raises(OidcError, match=r"127\.0\.0\.1"):
        away.begin("http://127.0.0.1/sign-in/back", "/")


@pytest.mark.parametrize(
    ("told", "complaint"),
    [
        ("issuer = 1", "issuer: came 1, allowed: a text"),
        (
            'issuer = "http://x"\nclient_id = "a"\nsecret_file = "b"',
            "issuer: came 'http://x', allowed: https",
        ),
        ('issuer = "https://x"\nclient_id = ""', "client_id: came '', allowed: a text"),
        ('isuer = "https://x"', "isuer: came 'https://x', allowed: one of issuer"),
        ("[", "no readable TOML"),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, told: str, complaint: str) -> None:
    """At the start: file, key, what came, what is allowed."""
    (tmp_path / FILE).write_text(told)
    with pytest.raises(OidcFileError) as raised:
        provider.read(tmp_path)
    assert complaint in str(raised.value)
    assert FILE in str(raised.value)


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """So are a role that is none, and no roles at all."""
    assert provider.read(tmp_path) is None
    configure(tmp_path, "https://x", roles='[roles]\n"a" = "root"\n')
    with pytest.raises(OidcFileError, match="came 'root', allowed: viewer"):
        provider.read(tmp_path)
    configure(tmp_path, "https://x", roles="")
    with pytest.raises(OidcFileError, match=r"\[roles\]: came None"):
        provider.read(tmp_path)
    (tmp_path / "oidc.secret").chmod(0o644)
    with pytest.raises(OidcFileError, match="only its owner can read"):
        provider.read(tmp_path)
