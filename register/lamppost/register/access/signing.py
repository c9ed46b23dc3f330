"""The way in and out: `/sign-in` and `/sign-out`."""

import secrets
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from sqlalchemy import Connection, func, select
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from lamppost.register.access import callers
from lamppost.register.access.door import Door, TurnedAwayError
from lamppost.register.access.gate import COOKIE, SIGN_IN, address_of
from lamppost.register.access.plain import sign_in_page, signed_out_page
from lamppost.register.access.sessions import WHOLE_MS, form_token
from lamppost.register.access.tables import account

FORM_COOKIE = "lamppost-form"
FORM_S = 3_600
NEXT_CHARS_MAX = 1_000
NO_USERS = "No user is known yet. On the machine: lamppost register user add NAME --role admin"

router = APIRouter(include_in_schema=False)

Field = Annotated[str, Form(max_length=4_096)]


@router.get(SIGN_IN)
async def get_sign_in(request: Request, next: str = "/") -> Response:  # noqa: A002 - in the address
    """Show the way in; who is in already goes on."""
    door = _door(request)
    back = safe(next)
    if door is None or await door.of_session(request.cookies.get(COOKIE, "")):
        return RedirectResponse(back, HTTPStatus.SEE_OTHER)
    return await _page(request, door, back)


@router.post(SIGN_IN)
async def post_sign_in(
    request: Request,
    name: Field = "",
    password: Field = "",
    next: Field = "/",  # noqa: A002 - a field of the form
    csrf_token: Field = "",
) -> Response:
    """Let in, or say why not."""
    door = _door(request)
    back = safe(next)
    if door is None:
        return RedirectResponse(back, HTTPStatus.SEE_OTHER)
    if not is_own_form(request, csrf_token):
        told = "This page was open for too long, or is not ours. Please try again."
        return await _page(request, door, back, told, name, HTTPStatus.FORBIDDEN)
    before = request.cookies.get(COOKIE, "")
    try:
        secret = await door.enter(name.strip(), password, address_of(request), before)
    except TurnedAwayError as error:
        if not error.wait_s:
            told = "Name or password is wrong."
            return await _page(request, door, back, told, name, HTTPStatus.UNAUTHORIZED)
        told = f"Too many tries. Try again in {error.wait_s} seconds."
        status = HTTPStatus.TOO_MANY_REQUESTS
        answer = await _page(request, door, back, told, name, status)
        answer.headers["Retry-After"] = str(error.wait_s)
        return answer
    return let_in(request, secret, back)


@router.post("/sign-out")
async def post_sign_out(request: Request) -> Response:
    """End the session, and send on to the provider; the gate has checked whose form it is."""
    door, caller = _door(request), callers.of(request)
    onward = None
    if door is not None and caller.session:
        back = f"{request.url.scheme}://{request.url.netloc}{SIGN_IN}"
        secret = request.cookies.get(COOKIE, "")
        onward = await run_in_threadpool(door.leave, caller, secret, back)
    answer: Response = RedirectResponse(SIGN_IN, HTTPStatus.SEE_OTHER)
    if door is not None and door.oidc is not None and onward is not None:
        answer = signed_out_page(door.oidc.provider.title, onward)
    answer.delete_cookie(COOKIE)
    return answer


def let_in(request: Request, secret: str, back: str) -> Response:
    """Answer with the cookie of a new session, on the way to a page."""
    answer = RedirectResponse(back, HTTPStatus.SEE_OTHER)
    answer.set_cookie(
        COOKIE,
        secret,
        max_age=WHOLE_MS // 1_000,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    answer.delete_cookie(FORM_COOKIE)
    return answer


def safe(target: str) -> str:
    """Return a path of this console to go on to; anything else becomes "/".

    Browsers take a backslash for a slash, and drop tabs and line breaks, so paths with these
    could lead elsewhere.
    """
    parts = urlsplit(target) if target.isprintable() and len(target) <= NEXT_CHARS_MAX else None
    is_path = target.startswith("/") and not target.startswith("//") and "\\" not in target
    is_ours = is_path and parts is not None and not (parts.scheme or parts.netloc)
    return target if is_ours and not target.startswith(SIGN_IN) else "/"


def is_own_form(request: Request, token: str) -> bool:
    """Return True when a form comes from a page that this browser got from us."""
    kept = request.cookies.get(FORM_COOKIE, "")
    return bool(kept) and "origin" in request.headers and token == form_token(kept)


async def _page(
    request: Request,
    door: Door,
    back: str,
    told: str = "",
    name: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    kept = request.cookies.get(FORM_COOKIE, "") or secrets.token_urlsafe(32)
    hint = "" if await door.asked(_has_users) else NO_USERS
    answer = sign_in_page(
        form_token(kept),
        back,
        told=told,
        name=name[:64],
        provider=door.oidc.provider.title if door.oidc else "",
        hint="" if door.oidc else hint,
        status=status,
    )
    answer.set_cookie(
        FORM_COOKIE,
        kept,
        max_age=FORM_S,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return answer


def _door(request: Request) -> Door | None:
    door: Door | None = getattr(request.app.state, "door", None)
    return door


def _has_users(connection: Connection) -> bool:
    counted = select(func.count()).select_from(account)
    return bool(connection.execute(counted).scalar_one())
