"""Pages without script: the way in, and what is not allowed.

They work before anybody is let in, so they load nothing: the style is in the page, and the
content policy allows exactly that text by its hash.
"""

from base64 import b64encode
from hashlib import sha256
from http import HTTPStatus
from importlib.resources import files
from urllib.parse import urlencode

from starlette.responses import HTMLResponse

from lamppost.register.access.callers import CSRF_FIELD
from lamppost.register.markup import Markup, icon, tag

STYLE = files("lamppost.register.access").joinpath("plain.css").read_text(encoding="utf-8")
_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}


def page(title: str, *content: Markup, status: HTTPStatus = HTTPStatus.OK) -> HTMLResponse:
    """Return a page."""
    brand = tag("p.brand", icon("lamp"), tag("b", "Lamppost"))
    body = tag("main", brand, tag("h1", title), *content)
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title} - Lamppost</title><style>{STYLE}</style>"
    )
    whole = f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'
    return HTMLResponse(whole, status, HEADERS)


def refusal_page(status: HTTPStatus, detail: str) -> HTMLResponse:
    """Return the page that says what is not allowed, and the way back."""
    title = "Not allowed" if status == HTTPStatus.FORBIDDEN else status.phrase
    told = tag("p.refused", f"{detail[:1].upper()}{detail[1:]}.", role="alert")
    return page(title, told, tag("p", tag("a", "Alarms", href="/alarms")), status=status)


def signed_out_page(provider: str, onward: str) -> HTMLResponse:
    """Return the page that goes on to the provider.

    It is a page and no redirect: the content policy lets a form lead nowhere else, whatever
    its answer says.
    """
    told = tag("p", "You are signed out here. The next page signs you out there too.")
    link = tag("a.elsewhere", f"Sign out of {provider}", href=onward)
    answer = page("Signed out", told, link)
    answer.headers["Refresh"] = f"0; url={onward}"
    return answer


def sign_in_page(
    token: str,
    back: str,
    *,
    told: str = "",
    name: str = "",
    provider: str = "",
    hint: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> HTMLResponse:
    """Return the page to sign in on.

    Args:
        token: What its form must carry.
        back: Path of the page to go on to.
        told: Why it did not work.
        name: The name that was typed.
        provider: Name of the OIDC provider; "" when there is none.
        hint: What to do when nobody can sign in yet.
        status: Of the answer.
    """
    form = tag(
        "form",
        tag("input", type="hidden", name_=CSRF_FIELD, value=token),
        tag("input", type="hidden", name_="next", value=back),
        _field("name", "Name", "text", "username", name),
        _field("password", "Password", "password", "current-password", ""),
        tag("button", "Sign in", type="submit"),
        method="post",
        action="/sign-in",
    )
    parts = [tag("p.refused", told, role="alert")] if told else []
    parts += [tag("p.note", hint)] if hint else []
    parts.append(form)
    if provider:
        address = f"/sign-in/oidc?{urlencode({'next': back})}"
        parts.append(tag("a.elsewhere", f"Sign in with {provider}", href=address))
    return page("Sign in", *parts, status=status)


def _field(name: str, label: str, kind: str, autocomplete: str, value: str) -> Markup:
    field = tag(
        "input",
        name_=name,
        type=kind,
        autocomplete=autocomplete,
        autocapitalize="none",
        maxlength=256,
        required="",
        value=value or None,
    )
    return tag("label", tag("span", label), field)
