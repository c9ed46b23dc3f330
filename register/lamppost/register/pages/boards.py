"""Ways from the console to Grafana's boards, where the environment says where Grafana is."""

import os
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from lamppost.register.markup import Markup, tag
from lamppost.register.records.links import RefusedError

VARIABLE = "LAMPPOST_GRAFANA_URL"

UIDS = {
    "city": "lamppost-city",
    "asset": "lamppost-asset",
    "resources": "lamppost-resources",
    "indicators": "lamppost-indicators",
}
"""The boards' uids; `lamppost.dashboards` renders them, and a test compares both."""


def address(environment: Mapping[str, str] | None = None) -> str:
    """Return where Grafana is, without a slash at the end; "" when nobody said.

    Raises:
        RefusedError: what was said is no address that a link may have.
    """
    told = (os.environ if environment is None else environment).get(VARIABLE, "").strip()
    if not told:
        return ""
    try:
        parts = urlsplit(told)
        fits = parts.scheme in ("http", "https") and parts.hostname and not parts.username
    except ValueError:
        fits = False
    if not fits or parts.query or parts.fragment:
        allowed = "http(s)://HOST[/PATH], without a user"
        raise RefusedError(f"{VARIABLE}: came {told[:60]!r}, allowed: {allowed}")
    return told.rstrip("/")


def way(board: str, words: str, **variables: str) -> Markup:
    """Return a line with a link to a board, a key of `UIDS`; nothing without Grafana."""
    try:
        base = address()
    except RefusedError:
        return Markup("")  # the page of settings tells it
    if not base:
        return Markup("")
    named = {f"var-{name}": value for name, value in variables.items()}
    query = f"?{urlencode(named)}" if named else ""
    return tag("p.entry", tag("a", words, href=f"{base}/d/{UIDS[board]}{query}"))
