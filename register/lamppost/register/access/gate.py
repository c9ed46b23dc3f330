"""What every request passes when access is on: who asks, and what that may do."""

from http import HTTPStatus
from urllib.parse import parse_qs, urlencode

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from lamppost.register.access.callers import CSRF_FIELD, CSRF_HEADER, PUBLIC, Caller
from lamppost.register.access.door import Door
from lamppost.register.access.methods import refuse_method
from lamppost.register.access.plain import refusal_page
from lamppost.register.access.rules import MAY, Permission, is_city_wide, is_page, needed
from lamppost.register.access.sockets import client_of, is_own, watched
from lamppost.register.bodies import taken
from lamppost.register.problems import Problem, problem

SCHEME = "bearer"
COOKIE = "lamppost"
SIGN_IN = "/sign-in"
FORM = "application/x-www-form-urlencoded"
READS = ("GET", "HEAD")
CATALOGUE = "/api/v1/export/"
UPLOADS = "/_nicegui/client/"
CHALLENGE = 'Bearer realm="lamppost"'


class Gate:
    """ASGI middleware; does nothing unless the application's `state.door` is there."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        is_asked = scope["type"] in ("http", "websocket")
        door: Door | None = getattr(scope["app"].state, "door", None) if is_asked else None
        if door is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._socket(door, scope, receive, send)
        else:
            await self._guarded(door, scope, receive, send)

    async def _guarded(self, door: Door, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            caller, receive = await _admitted(door, scope, receive)
        except Problem as refusal:
            await _refused(scope, refusal)(scope, receive, send)
            return
        scope.setdefault("state", {}).update(caller=caller, door=door)
        await self._app(scope, receive, send)

    async def _socket(self, door: Door, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a page speak with the server, as long as its session holds."""
        connection = HTTPConnection(scope)
        secret = connection.cookies.get(COOKIE, "")
        caller = await door.of_session(secret)
        if caller is None or not is_own(connection, caller):
            told = "sign in again; this page's session has ended"
            await send({"type": "websocket.close", "code": 1008, "reason": told})
            return

        async def holds() -> bool:
            try:
                return await door.of_session(secret, is_use=False) == caller
            except Problem:  # a database that is away ends nobody's session
                return True

        await watched(self._app, holds, scope, receive, send)


def address_of(connection: HTTPConnection) -> str:
    """Return where a request comes from."""
    return connection.client.host if connection.client else "unknown"


async def _admitted(door: Door, scope: Scope, receive: Receive) -> tuple[Caller, Receive]:
    """Return who asks, and how to read what they send."""
    connection = HTTPConnection(scope)
    method, path = scope["method"], scope["path"]
    needs = needed(method, path)
    if needs == "anyone":
        if path.startswith(CATALOGUE):
            door.check_public(address_of(connection))
        return PUBLIC, receive
    scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
    if scheme:
        if scheme.lower() != SCHEME:
            secret = ""
        caller = await door.of_token(secret.strip(), address_of(connection))
    else:
        caller = await _of_cookie(door, connection)
        if method not in READS:
            receive = await _checked(scope, receive, caller)
    if needs is None:
        refuse_method(method, path)
        told = f"{method} {path[:200]!r}: with access on, not served"
        raise Problem(HTTPStatus.NOT_FOUND, told)
    check_may(caller, needs)
    if caller.districts is not None and is_city_wide(path):
        told = f"districts: came {', '.join(caller.districts)}, allowed: the whole city"
        raise Problem(HTTPStatus.FORBIDDEN, told)
    return caller, receive


def check_may(caller: Caller, needs: Permission) -> None:
    """Refuse who may not.

    Raises:
        Problem: their role does not allow it.
    """
    if not caller.may(needs):
        allowed = ", ".join(role for role, may in MAY.items() if needs in may)
        told = f"role: came {caller.role}, allowed: {allowed}"
        raise Problem(HTTPStatus.FORBIDDEN, told)


async def _of_cookie(door: Door, connection: HTTPConnection) -> Caller:
    secret = connection.cookies.get(COOKIE, "")
    caller = await door.of_session(secret) if secret else None
    if caller is None:
        came = "a session that has ended" if secret else "nothing"
        told = f"authorization: came {came}, allowed: Bearer and a token, or a session"
        raise Problem(HTTPStatus.UNAUTHORIZED, told)
    return caller


async def _checked(scope: Scope, receive: Receive, caller: Caller) -> Receive:
    """Refuse what a foreign page makes a browser send; returns how to read the body again.

    Raises:
        Problem: it shows neither the page it comes from nor the session's token.
    """
    headers = Headers(scope=scope)
    if "origin" not in headers:
        told = "origin: came nothing, allowed: this console's own; a browser sends it"
        raise Problem(HTTPStatus.FORBIDDEN, told)
    if scope["path"].startswith(UPLOADS) and client_of(scope["path"], caller):
        return receive
    token = headers.get(CSRF_HEADER, "")
    if headers.get("content-type", "").partition(";")[0].strip().lower() == FORM:
        body, receive = await taken(receive)
        fields = parse_qs(body.decode(errors="replace"), max_num_fields=100)
        token = token or fields.get(CSRF_FIELD, [""])[0]
    if not token or token != caller.form_token:
        told = f"{CSRF_FIELD}: came another one, allowed: that of this session; reload the page"
        raise Problem(HTTPStatus.FORBIDDEN, told)
    return receive


def _refused(scope: Scope, refusal: Problem) -> Response:
    """Say it as the asker understands it: a page to a person, a problem to a script."""
    wants_page = scope["method"] in READS and is_page(scope["path"])
    if wants_page and refusal.status == HTTPStatus.UNAUTHORIZED:
        here = scope["path"] + ("?" + scope["query_string"].decode("latin-1")).rstrip("?")
        return RedirectResponse(f"{SIGN_IN}?{urlencode({'next': here})}", HTTPStatus.SEE_OTHER)
    if wants_page and scope["path"] == "/" and refusal.status == HTTPStatus.FORBIDDEN:
        # Every role may see it, so this is somebody for some districts: alarms are their start.
        return RedirectResponse("/alarms", HTTPStatus.SEE_OTHER)
    if wants_page and refusal.status != HTTPStatus.TOO_MANY_REQUESTS:
        return refusal_page(refusal.status, refusal.detail)
    answer = problem(refusal.status, refusal.detail, refusal.headers)
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = CHALLENGE
    return answer
