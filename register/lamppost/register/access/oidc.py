"""Speaking with an OIDC provider: authorization code with PKCE, and the token it gives.

What came by the browser is believed only when it belongs to a flow that this browser began.
The ID token must be signed by the provider with one of its present keys, for us, now, for this
flow.
"""

import json
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from lamppost.register.access.accounts import Districts, checked_districts, named
from lamppost.register.access.provider import Provider, is_safe
from lamppost.register.access.rules import Role
from lamppost.register.records.refusals import RefusedError

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
TIMEOUT_S = 10.0
ANSWER_BYTES_MAX = 1024 * 1024
CODE_CHARS_MAX = 4_096
FLOW_S = 600
FLOWS_MAX = 1_000
LEEWAY_S = 60
METADATA_S = 3_600
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
END = "end_session_endpoint"
"""A provider need not have it; without it, signing out is ours alone."""

HINTS_MAX = 2_000
HINT_CHARS_MAX = 16_384


class OidcError(Exception):
    """Nobody comes in by this; the text is for the log and the trail, not for the browser."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A sign-in that a browser has begun.

    Attributes:
        state: What must come back with the code.
        nonce: What must stand in the ID token.
        verifier: The secret behind the code challenge.
        redirect: Where the provider sends the browser.
        back: Path of the page to go on to.
        began_s: When.
    """

    state: str
    nonce: str
    verifier: str
    redirect: str
    back: str
    began_s: float


@dataclass(frozen=True, slots=True)
class Known:
    """Who somebody is, by the word of the provider.

    Attributes:
        subject: "ISSUER SUBJECT", which never changes.
        name: What they are called there.
        role: Our role for them.
        districts: Where; None is the whole city.
        id_token: What said so; the provider wants to see it again at sign-out.
    """

    subject: str
    name: str
    role: Role
    districts: Districts
    id_token: str


class Oidc:
    """One provider; flows that wait for it, and tokens for sign-out, are few, and in memory.

    Args:
        provider: Which.
    """

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._flows: OrderedDict[str, Flow] = OrderedDict()
        self._hints: OrderedDict[str, str] = OrderedDict()
        self._metadata: tuple[float, Mapping[str, str]] | None = None

    def begin(self, redirect: str, back: str) -> tuple[str, str]:
        """Begin a sign-in; returns the secret for this browser, and where to send it.

        Raises:
            OidcError: the provider does not answer as it must.
        """
        flow = Flow(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            redirect=redirect,
            back=back,
            began_s=time.monotonic(),
        )
        address, _ = self._session(flow).create_authorization_url(
            self._endpoints()["authorization_endpoint"],
            state=flow.state,
            nonce=flow.nonce,
            code_verifier=flow.verifier,
        )
        secret = secrets.token_urlsafe(32)
        self._flows[secret] = flow
        if len(self._flows) > FLOWS_MAX:
            self._flows.popitem(last=False)
        return secret, str(address)

    def take(self, secret: str, state: str) -> Flow:
        """Return the flow that this browser began; it can be taken once.

        Raises:
            OidcError: it began none, or another, or too long ago.
        """
        flow = self._flows.pop(secret, None)
        if flow is None or not secrets.compare_digest(flow.state.encode(), state.encode()):
            raise OidcError("the answer belongs to no sign-in that this browser began")
        if time.monotonic() - flow.began_s > FLOW_S:
            raise OidcError("the sign-in took too long")
        return flow

    def finish(self, flow: Flow, code: str) -> Known:
        """Return who came, for the code that the browser brought.

        Raises:
            OidcError: the provider does not say who, or nothing here is for them.
        """
        if not 0 < len(code) <= CODE_CHARS_MAX:
            raise OidcError("the provider sent no code")
        endpoints = self._endpoints()
        try:
            token = self._session(flow).fetch_token(
                endpoints["token_endpoint"],
                code=code,
                code_verifier=flow.verifier,
                timeout=TIMEOUT_S,
                allow_redirects=False,
            )
            keys = KeySet.import_key_set(self._asked(endpoints["jwks_uri"]))  # type: ignore[arg-type]
            claims = jwt.decode(str(token["id_token"]), keys, ALGORITHMS).claims
            self._check(claims, flow)
        except (AuthlibBaseError, JoseError, requests.RequestException) as error:
            raise OidcError(f"{type(error).__name__}: {error}"[:500]) from error
        except (KeyError, TypeError, ValueError) as error:
            raise OidcError(f"the answer has no sense: {error!r}"[:500]) from error
        return self._known(claims, str(token["id_token"]))

    def remember(self, session: str, id_token: str) -> None:
        """Keep a token until its session ends: the newest of too many, never a long one."""
        if len(id_token) <= HINT_CHARS_MAX:
            self._hints[session] = id_token
        if len(self._hints) > HINTS_MAX:
            self._hints.popitem(last=False)

    def leave(self, session: str, back: str) -> str | None:
        """Return where to send a browser so that it is signed out at the provider too.

        Args:
            session: What `remember` was told.
            back: Where the provider may send the browser then.

        Returns:
            None where the provider announces no such address.

        Raises:
            OidcError: the provider does not answer as it must.
        """
        hint = self._hints.pop(session, None)
        address = self._endpoints().get(END)
        if address is None:
            return None
        told = {"client_id": self.provider.client_id, "post_logout_redirect_uri": back}
        if hint is not None:  # it is lost when the console has started anew
            told["id_token_hint"] = hint
        return f"{address}{'&' if '?' in address else '?'}{urlencode(told)}"

    def _check(self, claims: Mapping[str, Any], flow: Flow) -> None:
        registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self.provider.issuer},
            aud={"essential": True, "value": self.provider.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": flow.nonce},
        )
        registry.validate(dict(claims))
        party = claims.get("azp", self.provider.client_id)
        if party != self.provider.client_id:
            raise OidcError(f"azp: came {party!r}, allowed: {self.provider.client_id}")

    def _known(self, claims: Mapping[str, Any], id_token: str) -> Known:
        subject = f"{self.provider.issuer} {claims['sub']}"
        name = claims.get(self.provider.name_claim)
        if not isinstance(name, str):
            raise OidcError(f"{self.provider.name_claim}: came {name!r}, allowed: a name")
        held = _values(claims, self.provider.role_claim)
        roles = [role for value, role in self.provider.roles if value in held]
        if not roles:
            raise OidcError(f"{self.provider.role_claim}: came none that [roles] knows")
        return Known(subject, name.lower(), roles[0], self._districts(claims), id_token)

    def _districts(self, claims: Mapping[str, Any]) -> Districts:
        if not self.provider.district_claim:
            return None
        told = _values(claims, self.provider.district_claim)
        try:
            return None if "*" in told else named(checked_districts(told))
        except RefusedError as error:
            raise OidcError(f"{self.provider.district_claim}: {error}") from error

    def _endpoints(self) -> Mapping[str, str]:
        now_s = time.monotonic()
        if self._metadata is None or now_s - self._metadata[0] > METADATA_S:
            address = f"{self.provider.issuer.rstrip('/')}/.well-known/openid-configuration"
            told = self._asked(address)
            if told.get("issuer") != self.provider.issuer:
                came = str(told.get("issuer"))[:200]
                raise OidcError(f"issuer: came {came!r}, allowed: {self.provider.issuer}")
            endpoints = {name: str(told.get(name)) for name in ENDPOINTS}
            for name, value in endpoints.items():
                if not is_safe(value):
                    raise OidcError(f"{name}: came {value[:200]!r}, allowed: https")
            if is_safe(str(told.get(END, ""))):
                endpoints[END] = str(told[END])
            self._metadata = (now_s, endpoints)
        return self._metadata[1]

    def _asked(self, address: str) -> dict[str, Any]:
        try:
            answer = requests.get(address, timeout=TIMEOUT_S, allow_redirects=False)
            answer.raise_for_status()
            if len(answer.content) > ANSWER_BYTES_MAX:
                raise OidcError(f"{address}: the answer is too long")
            told = json.loads(answer.content)
        except (requests.RequestException, ValueError) as error:
            raise OidcError(f"{address}: {error}"[:500]) from error
        if not isinstance(told, dict):
            raise OidcError(f"{address}: came no object")
        return told

    def _session(self, flow: Flow) -> OAuth2Session:
        return OAuth2Session(
            self.provider.client_id,
            self.provider.secret,
            scope=self.provider.scope,
            redirect_uri=flow.redirect,
            code_challenge_method="S256",
        )


def _values(claims: Mapping[str, Any], path: str) -> set[str]:
    """Return the texts at a path of claims: one, or a list of them."""
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for part in path.split("."):
            found = found.get(part) if isinstance(found, dict) else None
    listed = found if isinstance(found, list) else [found]
    return {one for one in listed if isinstance(one, str)}
