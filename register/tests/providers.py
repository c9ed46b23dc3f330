"""OIDC providers to sign in by: a library's as a program of its own, and one that may lie."""

import base64
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT_ID, SECRET = "lamppost", "a secret of the test"
START_S = 60.0


@contextmanager
def mock_provider(**claims: object) -> Iterator[str]:
    """Run oidc-provider-mock with one user; gives its issuer."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    issuer = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--require-nonce", "true", "--user-claims", json.dumps(claims)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"{issuer}/.well-known/openid-configuration")
        yield issuer
    finally:
        process.terminate()
        process.wait(60)


def _wait_for(address: str) -> None:
    ends = time.monotonic() + START_S
    while True:
        try:
            httpx.get(address, trust_env=False).raise_for_status()
        except httpx.HTTPError:
            if time.monotonic() > ends:
                raise
            threading.Event().wait(0.1)
        else:
            return


@dataclass
class Liar:
    """A provider that checks what it is told, and says what the test wants.

    Attributes:
        claims: Of the next ID token, over the honest ones; None leaves one out.
        algorithm: Of its signature.
        key: Which it signs with; another than it publishes is a forgery.
        metadata: Over the honest discovery document.
    """

    claims: dict[str, object] = field(default_factory=dict)
    algorithm: str = "RS256"
    key: RSAKey | OctKey | None = None
    metadata: dict[str, object] = field(default_factory=dict)
    issuer: str = ""
    flows: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.published = RSAKey.generate_key(2048, {"kid": "one"}, private=True)

    def sign_with(self, key: RSAKey | OctKey, algorithm: str = "RS256") -> None:
        """Sign with another key than is published."""
        self.key, self.algorithm = key, algorithm

    def authorize(self, address: str) -> str:
        """Sign somebody in; returns the address that the browser is sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.flows)}"
        self.flows[code] = asked
        return f"{asked['redirect_uri']}?code={code}&state={asked['state']}"

    def token(self, form: dict[str, str], basic: str) -> dict[str, object] | None:
        """Return tokens for a code; None when something about it is wrong."""
        flow = self.flows.pop(form.get("code", ""), None)
        expected = base64.b64encode(f"{CLIENT_ID}:{SECRET}".encode()).decode()
        if flow is None or basic != f"Basic {expected}":
            return None
        digest = sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if challenge != flow["code_challenge"] or form["redirect_uri"] != flow["redirect_uri"]:
            return None
        now_s = int(time.time())
        honest: dict[str, object] = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "s-1",
            "exp": now_s + 300,
            "iat": now_s,
            "nonce": flow["nonce"],
            "preferred_username": "Eva",
            "roles": ["ops"],
        }
        told = {k: v for k, v in (honest | self.claims).items() if v is not None}
        key = self.key or self.published
        header = {"alg": self.algorithm, "kid": "one"}
        signed = jwt.encode(header, told, key, algorithms=[self.algorithm])
        return {"access_token": "x", "token_type": "Bearer", "id_token": signed}


@contextmanager
def lying(liar: Liar) -> Iterator[Liar]:
    """Serve a provider; it knows its issuer then."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/jwks":
                self._say({"keys": [liar.published.as_dict(private=False)]})
            else:
                endpoints = ("authorization", "token")
                told = {f"{one}_endpoint": f"{liar.issuer}/{one}" for one in endpoints}
                told |= {"issuer": liar.issuer, "jwks_uri": f"{liar.issuer}/jwks"}
                self._say(told | liar.metadata)

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(text).items()}
            told = liar.token(form, self.headers.get("Authorization", ""))
            self._say(told or {"error": "invalid_grant"}, 200 if told else 400)

        def _say(self, told: dict[str, Any], status: int = 200) -> None:
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        liar.issuer = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield liar
        finally:
            server.shutdown()
            thread.join()
