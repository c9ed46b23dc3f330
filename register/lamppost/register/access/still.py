"""Whether who looks at a page may still act: a page stays open longer than a role lasts."""

from http import HTTPStatus

from fastapi import Request

from lamppost.register.access import callers
from lamppost.register.access.door import Door
from lamppost.register.access.gate import COOKIE, check_may
from lamppost.register.access.rules import needed_to_act
from lamppost.register.problems import Problem


async def check_acting(request: Request) -> None:
    """Look again before a deed.

    Args:
        request: The page's, which may be hours old.

    Raises:
        Problem: the session has ended, the role or the districts are others now, or the role
            does not allow it.
    """
    door: Door | None = getattr(request.state, "door", None)
    if door is None:
        return
    caller = callers.of(request)
    if await door.of_session(request.cookies.get(COOKIE, "")) != caller:
        told = "your session has ended, or your role has changed; reload the page"
        raise Problem(HTTPStatus.UNAUTHORIZED, told)
    needs = needed_to_act(request.url.path)
    if needs is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"deeds of {request.url.path!r}: not served")
    check_may(caller, needs)
