"""Links only where who looks may go: the one place that takes the others away.

Fragments are built without knowing who will read them; here, before they are shown, a link to a
page that would be refused becomes its words.
"""

import re
from html import unescape
from urllib.parse import unquote, urlsplit

from starlette.requests import HTTPConnection

from lamppost.register.access import callers
from lamppost.register.access.callers import Caller
from lamppost.register.access.rules import is_city_wide, needed
from lamppost.register.markup import Markup

_LINK = re.compile(
    r'<a\b(?P<before>[^>]*?) href="(?P<href>/[^"]*)"[^>]*>(?P<of>.*?)</a>', re.DOTALL
)
"""As `markup.tag` writes it: attributes hold no angle brackets, links hold no links."""


def may_open(caller: Caller, href: str) -> bool:
    """Return True when a path of this console would not be refused to somebody."""
    path = unquote(urlsplit(href).path)
    needs = needed("GET", path)
    is_theirs = caller.districts is None or not is_city_wide(path)
    return needs is not None and caller.may(needs) and is_theirs


def within_reach(body: Markup, request: HTTPConnection) -> Markup:
    """Return what is shown to who looks, with words in place of links they may not follow."""
    caller = callers.of(request)

    def kept(found: re.Match[str]) -> str:
        if may_open(caller, unescape(found["href"])):
            return found[0]
        return f"<span{found['before']}>{found['of']}</span>"

    return Markup(_LINK.sub(kept, body))
