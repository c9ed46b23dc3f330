"""What every request passes when access is on: whose token it shows, and what that may do."""

from http import HTTPStatus

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from lamppost.register.access.rules import MAY, needed
from lamppost.register.access.tokens import Token, find
from lamppost.register.problems import Problem, problem
from lamppost.register.records.store import Register

SCHEME = "bearer"


class Gate:
    """ASGI middleware; does nothing unless the application's `state.access` is set."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        is_asked = scope["type"] in ("http", "websocket")
        if not is_asked or not getattr(scope["app"].state, "access", False):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            told = "the page has no sign-in yet; with access on, only the API is served"
            await send({"type": "websocket.close", "code": 1008, "reason": told})
        else:
            await self._guarded(scope, receive, send)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            who = await _admitted(scope)
        except Problem as refusal:
            answer = problem(refusal.status, refusal.detail)
            if refusal.status == HTTPStatus.UNAUTHORIZED:
                answer.headers["WWW-Authenticate"] = 'Bearer realm="lamppost"'
            await answer(scope, receive, send)
            return
        scope.setdefault("state", {})["who"] = who
        await self._app(scope, receive, send)


async def _admitted(scope: Scope) -> str | None:
    """Return who asks, None for what anyone may ask."""
    needs = needed(scope["method"], scope["path"])
    if needs == "anyone":
        return None
    token = await _token(scope)
    if needs is None:
        told = f"{scope['method']} {scope['path'][:200]!r}: with access on, not served"
        raise Problem(HTTPStatus.NOT_FOUND, told)
    if needs not in MAY[token.role]:
        allowed = ", ".join(role for role, may in MAY.items() if needs in may)
        told = f"role: came {token.role}, allowed: {allowed}"
        raise Problem(HTTPStatus.FORBIDDEN, told)
    return token.who


async def _token(scope: Scope) -> Token:
    scheme, _, secret = Headers(scope=scope).get("authorization", "").partition(" ")
    register: Register = scope["app"].state.register
    try:
        found = await run_in_threadpool(_find, register, secret.strip())
    except SQLAlchemyError as error:
        told = "the register's database does not answer; the log says why"
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, told) from error
    if scheme.lower() != SCHEME or found is None or not found.holds(register.now_ms()):
        told = "authorization: allowed: Bearer and a token that has not ended"
        raise Problem(HTTPStatus.UNAUTHORIZED, told)
    return found


def _find(register: Register, secret: str) -> Token | None:
    with register.database.reading() as connection:
        return find(connection, secret)
