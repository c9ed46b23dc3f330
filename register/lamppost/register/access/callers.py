"""Who asks: the one place where a page or a route learns actor, role, districts and form token.

    caller = callers.of(request)     # always there; in demo mode it may do everything
    caller.name                      # for the audit trail; None in demo mode
    callers.may_act(request)         # show the page's buttons, or do not
    callers.csrf_field(request)      # into every form that posts
    callers.narrowed(register, request)  # the register, as far as the caller may see it

What a request needs before it gets here is in `rules`.
"""

from dataclasses import dataclass

from starlette.requests import HTTPConnection

from lamppost.register.access.accounts import Districts
from lamppost.register.access.rules import MAY, Permission, Role, needed_to_act
from lamppost.register.markup import Markup, tag
from lamppost.register.records.boundary import Boundary
from lamppost.register.records.store import Register

CSRF_FIELD = "csrf_token"
CSRF_HEADER = "x-csrf-token"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        name: The name in the audit trail; None when nobody has signed in.
        role: What they may do; None is what anyone may.
        districts: Where; None is the whole city.
        session: Id of their session; "" for a token, and when nobody has signed in.
        form_token: What each form of the session carries; "" without a session.
    """

    name: str | None
    role: Role | None
    districts: Districts = None
    session: str = ""
    form_token: str = ""

    def may(self, needs: Permission) -> bool:
        """Return True when they may do what needs this."""
        return needs == "anyone" if self.role is None else needs in MAY[self.role]


DEMO = Caller(None, "admin")
"""Without sign-in, which only this machine can ask, everything is allowed."""

PUBLIC = Caller(None, None)
"""Anyone, with sign-in: health, and the public catalogue."""


def of(request: HTTPConnection) -> Caller:
    """Return who asks."""
    caller: Caller = getattr(request.state, "caller", DEMO)
    return caller


def may_act(request: HTTPConnection) -> bool:
    """Return True when the page's buttons are for who looks at it; see `rules.PAGES`."""
    needs = needed_to_act(request.url.path)
    return needs is not None and of(request).may(needs)


def csrf_field(request: HTTPConnection) -> Markup:
    """Return the hidden field of a form that posts; without it, the post is refused."""
    token = of(request).form_token
    return tag("input", type="hidden", name_=CSRF_FIELD, value=token)


def narrowed(register: Register | None, request: HTTPConnection) -> Register | None:
    """Return the register as far as the caller may see it; None when none is open here."""
    districts = of(request).districts
    if register is None or districts is None:
        return register
    return register.within(Boundary(districts))
