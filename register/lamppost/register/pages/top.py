"""What all pages share: the way from one to the other, and how many may be open."""

from fastapi import Request
from fastapi.responses import PlainTextResponse
from nicegui import Client
from starlette.responses import Response

from lamppost.register.access import callers
from lamppost.register.markup import Markup, tag
from lamppost.register.pages.reach import may_open

PAGES_MAX = 50
"""Open pages at once; each holds its own state on the server."""

WAYS = {
    "/": "Now",
    "/next": "Next",
    "/alarms": "Alarms",
    "/work": "Work",
    "/assets": "Assets",
    "/coverage": "Coverage",
    "/use": "Use",
    "/map": "Map",
    "/reviews": "Reviews",
    "/indicators": "Indicators",
    "/import": "Import",
    "/settings": "Settings",
}


def ways(request: Request, here: str) -> Markup:
    """Return the links to the pages that who looks may open; `here` is the path of this one."""
    caller = callers.of(request)
    links = [
        tag("a", name, href=path, aria_current="page" if path == here else None)
        for path, name in WAYS.items()
        if may_open(caller, path)
    ]
    return tag("nav.ways", *links, aria_label="Pages")


def signed(request: Request) -> Markup:
    """Return who has signed in, with the button to sign out; nothing in demo mode."""
    caller = callers.of(request)
    if caller.name is None:
        return Markup("")
    where = "" if caller.districts is None else f", {', '.join(caller.districts)} only"
    return tag(
        "form.signed",
        tag("span.sub", "You act as ", tag("b", caller.name), f", {caller.role}{where}"),
        callers.csrf_field(request),
        tag("button.act", "Sign out", type="submit"),
        method="post",
        action="/sign-out",
    )


def too_many() -> Response | None:
    """Return a 503 when there are too many open pages, else None."""
    if len(Client.instances) <= PAGES_MAX:
        return None
    told = f"{PAGES_MAX} pages are open already; close one and try again"
    return PlainTextResponse(told, status_code=503, headers={"Retry-After": "30"})
