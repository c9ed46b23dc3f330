"""The way in by an OIDC provider: `/sign-in/oidc` sends there, `/sign-in/back` comes back."""

import logging
from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from lamppost.register.access import accounts, sessions
from lamppost.register.access.door import NOBODY, OIDC, WHO, Door, TurnedAwayError
from lamppost.register.access.gate import COOKIE, SIGN_IN, address_of
from lamppost.register.access.oidc import FLOW_S, Known, OidcError
from lamppost.register.access.plain import refusal_page
from lamppost.register.access.signing import let_in, safe
from lamppost.register.access.tables import account
from lamppost.register.records.refusals import RefusedError
from lamppost.register.records.writing import Writer

FLOW_COOKIE = "lamppost-oidc"
BACK = f"{SIGN_IN}/back"
NOT_IN = "You could not be signed in. Try again, or ask who runs this; the log says why"

log = logging.getLogger(__name__)

router = APIRouter(include_in_schema=False)


@router.get(f"{SIGN_IN}/oidc")
async def get_oidc(request: Request, next: str = "/") -> Response:  # noqa: A002 - in the address
    """Send the browser to the provider."""
    door: Door | None = getattr(request.app.state, "door", None)
    if door is None or door.oidc is None:
        return RedirectResponse(SIGN_IN, HTTPStatus.SEE_OTHER)
    redirect = f"{request.url.scheme}://{request.url.netloc}{BACK}"
    try:
        secret, address = await run_in_threadpool(door.oidc.begin, redirect, safe(next))
    except OidcError as error:
        log.warning("sign-in elsewhere: %s", error)
        return refusal_page(HTTPStatus.BAD_GATEWAY, NOT_IN)
    answer = RedirectResponse(address, HTTPStatus.SEE_OTHER, {"Cache-Control": "no-store"})
    answer.set_cookie(
        FLOW_COOKIE,
        secret,
        max_age=FLOW_S,
        path=SIGN_IN,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",  # the provider's redirect must bring it
    )
    return answer


@router.get(BACK)
async def get_back(request: Request, code: str = "", state: str = "") -> Response:
    """Let in whom the provider names."""
    door: Door | None = getattr(request.app.state, "door", None)
    if door is None or door.oidc is None:
        return RedirectResponse(SIGN_IN, HTTPStatus.SEE_OTHER)
    address, before = address_of(request), request.cookies.get(COOKIE, "")
    secret = request.cookies.get(FLOW_COOKIE, "")
    try:
        door.check_address(address)
        flow = door.oidc.take(secret, state)
        known = await run_in_threadpool(door.oidc.finish, flow, code)
        session = await run_in_threadpool(_enter, door, known, address, before)
    except TurnedAwayError as error:
        told = f"Too many tries. Try again in {error.wait_s} seconds"
        return refusal_page(HTTPStatus.TOO_MANY_REQUESTS, told)
    except (OidcError, RefusedError) as error:
        log.warning("sign-in elsewhere: %s", error)
        await run_in_threadpool(door.note_refusal, NOBODY, address, f"oidc: {error}"[:200])
        return refusal_page(HTTPStatus.FORBIDDEN, NOT_IN)
    door.give_back(address)
    door.oidc.remember(sessions.digest(session), known.id_token)
    answer = let_in(request, session, flow.back)
    answer.delete_cookie(FLOW_COOKIE, path=SIGN_IN)
    return answer


def _enter(door: Door, known: Known, address: str, before: str) -> str:
    """Begin a session for somebody the provider knows; they are entered at their first.

    Raises:
        RefusedError: the user is disabled, or the name is another's or none.
    """
    with door.register.changing(WHO) as writer:
        name = _account(writer, known)
    with door.register.database.reading() as connection:
        old = sessions.find(connection, before)
    with door.register.changing(name) as writer:
        if old is not None:
            sessions.end(writer, old.id)
        return sessions.begin(writer, name, address, OIDC)


def _account(writer: Writer, known: Known) -> str:
    by_subject = account.select().where(account.c.subject == known.subject)
    found = writer.take(accounts.KIND, by_subject)
    if not found:
        accounts.add(writer, known.name, known.role, known.districts, subject=known.subject)
        return known.name
    (row,) = found.values()
    if row["valid_to_ms"] is not None:
        raise RefusedError(f"account: {row['id']} is disabled")
    accounts.set_role(writer, row["id"], known.role, known.districts)
    return str(row["id"])
