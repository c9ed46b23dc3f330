"""What every request passes: whose name it asks for, and what a page may load.

In demo mode the console trusts whoever reaches it. On loopback that is this machine, unless a
foreign web page makes the browser its messenger: by a name that resolves to 127.0.0.1, or by a
WebSocket across origins. Both are refused here. The content security policy makes the browser
itself refuse to load anything from elsewhere, and to run any script in a page that the server
has not marked with a number of this one answer.
"""

import secrets
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lamppost.register.problems import problem

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""NiceGUI starts the page from scripts in it, which carry the nonce; see `nonces`. It compiles
Vue templates (eval), and sets styles."""

NONCE_BYTES = 16

HEADERS = {
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers send the origin `null`
}


class Guard:
    """ASGI middleware.

    Args:
        app: What is guarded; its `state.is_local` says whether only local names are allowed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = refused(Headers(scope=scope), is_local=scope["app"].state.is_local)
        if not refusal:
            nonce = secrets.token_urlsafe(NONCE_BYTES)
            scope.setdefault("state", {})["nonce"] = nonce
            await self._app(scope, receive, _with_headers(send, nonce))
        elif scope["type"] == "http":
            await problem(HTTPStatus.FORBIDDEN, refusal)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008, "reason": refusal})


def refused(headers: Headers, *, is_local: bool) -> str:
    """Return why a request is refused, or "" when it is not."""
    host = headers.get("host", "")
    if is_local and _name(host) not in LOCAL_NAMES:
        return f"host: came {host!r}, allowed: {', '.join(sorted(LOCAL_NAMES))}"
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        return f"origin: came {origin!r}, allowed: this console's own"
    return ""


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _with_headers(send: Send, nonce: str) -> Send:
    told = HEADERS | {"Content-Security-Policy": POLICY.format(nonce=nonce)}

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in told.items():
                headers.setdefault(name, value)
        await send(message)

    return sent
