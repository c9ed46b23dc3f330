"""Which role may do what. Pure; what has no rule here is refused."""

import re
from collections.abc import Mapping
from typing import Literal, get_args

Role = Literal["viewer", "operator", "engineer", "steward", "auditor", "admin"]
Permission = Literal["anyone", "read", "operate", "engineer", "steward", "audit"]

ROLES: tuple[Role, ...] = get_args(Role)
TOKEN_DAYS_MAX = 366

MAY: Mapping[Role, frozenset[Permission]] = {
    "viewer": frozenset({"anyone", "read"}),
    "operator": frozenset({"anyone", "read", "operate"}),
    "engineer": frozenset({"anyone", "read", "operate", "engineer"}),
    "steward": frozenset({"anyone", "read", "steward"}),
    "auditor": frozenset({"anyone", "read", "audit"}),
    "admin": frozenset(get_args(Permission)),
}

_LISTS = ("assets", "nodes", "devices", "channels", "streams", "links", "commissionings")
_OPERATED = (
    *(f"alarms/{{}}/{deed}" for deed in ("acknowledge", "shelve", "unshelve", "assign")),
    "alarms/{}/verdict",
    "work-orders",
    *(f"work-orders/{{}}/{deed}" for deed in ("start", "finish", "cancel", "confirm")),
    *(f"work-orders/{{}}/{deed}" for deed in ("reopen", "assign", "verify")),
)
_ENGINEERED = (
    *(f"alarms/{{}}/{deed}" for deed in ("suppress", "unsuppress", "remove", "restore")),
    *("links", "links/{}/end", "channels/{path}/calibrate", "channels/{path}/rate"),
    "commissionings",
)
_DECIDED = (
    *("requirements", "requirements/{}/end", "targets", "targets/{}/end"),
    *("resources", "resources/{}", "resources/{}/attest", "resources/{}/end"),
    *("flows", "flows/{}/end"),
    *("imports", "imports/{}", "alarms/escalation", "indicators/{}/sign"),
)
_READ = (
    *_LISTS,
    *(f"{one}/{{path}}" for one in _LISTS),
    *("alarms", "alarms/kpis", "alarms/detectors", "alarms/escalation", "alarms/{}"),
    *("work-orders", "work-orders/{}"),
    *("conditions", "capacity", "coverage", "gaps", "resource-use", "next"),
    *("requirements", "targets", "indicators", "indicators/definitions"),
    *("indicators/kept", "indicators/packs", "indicators/signoffs"),
    *("resources", "resources/{}", "flows", "map", "map/impact"),
    *("map/barriers", "map/findings", "map/duplicates", "map/completeness"),
    *("days", "quality", "quality/nodes"),
    *("export/csv/{}", "export/{}", "openapi.json"),
)
_LIVE = (
    *("snapshot", "nodes", "channels", "events", "incidents", "maintenance", "ledger"),
    "history",
)

RULES: tuple[tuple[str, str, Permission], ...] = (
    ("GET", "/api/v0/health", "anyone"),
    ("GET", "/api/v1/export/dcat", "anyone"),
    ("GET", "/api/v1/export/dcat-turtle", "anyone"),
    *(("GET", f"/api/v0/{path}", "read") for path in (*_LIVE, "openapi.json")),
    ("GET", "/api/v1/audit", "audit"),
    *(("GET", f"/api/v1/{path}", "read") for path in _READ),
    *(("POST", f"/api/v1/{path}", "operate") for path in _OPERATED),
    *(("POST", f"/api/v1/{path}", "engineer") for path in _ENGINEERED),
    *(("POST", f"/api/v1/{path}", "steward") for path in _DECIDED),
    ("POST", "/api/v1/indicators/{}/evidence", "read"),
    ("GET", "/v1.1", "read"),
    ("GET", "/v1.1/", "read"),
    ("GET", "/v1.1/{path}", "read"),
    ("GET", "/metrics", "read"),
)
"""Method, path and what it needs; `{}` is one segment, `{path}` any number of them."""

PAGES: tuple[tuple[str, Permission, Permission], ...] = (
    ("/", "read", "operate"),
    ("/next", "read", "read"),
    ("/alarms", "read", "operate"),
    ("/work", "read", "operate"),
    ("/assets", "read", "operate"),
    ("/assets/{}", "read", "operate"),
    ("/coverage", "read", "steward"),
    ("/use", "read", "steward"),
    ("/map", "read", "steward"),
    ("/reviews", "read", "steward"),
    ("/indicators", "read", "read"),
    ("/indicators/{}", "read", "steward"),
    ("/import", "steward", "steward"),
    ("/settings", "read", "steward"),
)
"""Path of a page, what it needs to be seen, and what its buttons need."""

_PARTS: tuple[tuple[str, str, Permission], ...] = (
    ("GET", "/_nicegui/{path}", "read"),
    ("POST", "/_nicegui/client/{path}", "read"),
    ("GET", "/favicon.ico", "read"),
    ("GET", "/sign-in", "anyone"),
    ("POST", "/sign-in", "anyone"),
    ("GET", "/sign-in/oidc", "anyone"),
    ("GET", "/sign-in/back", "anyone"),
    ("POST", "/sign-out", "read"),
)
"""What pages are made of, and the way in and out."""


def _pattern(path: str) -> re.Pattern[str]:
    escaped = re.escape(path).replace(r"\{path\}", r"[\s\S]+").replace(r"\{\}", "[^/]+")
    return re.compile(escaped)


CITY_WIDE = (
    *(f"/api/v0/{path}" for path in _LIVE),
    *("/", "/map", "/metrics", "/api/v1/audit", "/indicators", "/indicators/{}"),
    *("/api/v1/indicators", "/api/v1/indicators/{path}", "/api/v1/map", "/api/v1/map/{path}"),
)
"""Paths whose answer has no districts: not for those who are for some of them only."""

_PAGES = tuple((_pattern(path), seen, acted) for path, seen, acted in PAGES)
_CITY_WIDE = tuple(_pattern(path) for path in CITY_WIDE)
_SERVED = tuple((method, _pattern(path), needs) for method, path, needs in RULES)
_PATTERNS = (*_SERVED, *((method, _pattern(path), needs) for method, path, needs in _PARTS))
_API = ("/api/", "/v1.1/")


def needed(method: str, path: str) -> Permission | None:
    """Return what a request needs; None when no rule speaks of it."""
    asked = "GET" if method == "HEAD" else method
    for known, pattern, needs in _PATTERNS:
        if known == asked and pattern.fullmatch(path):
            return needs
    for pattern, seen, _ in _PAGES:
        if asked == "GET" and pattern.fullmatch(path):
            return seen
    return None


def served(path: str) -> tuple[str, ...]:
    """Return the methods that a path of the API has; none for one that nobody knows."""
    known = {method for method, pattern, _ in _SERVED if pattern.fullmatch(path)}
    return tuple(sorted(known | {"HEAD"} if "GET" in known else known))


def is_api(path: str) -> bool:
    """Return True for a path that programs ask, whether it is served or not."""
    return path == "/metrics" or f"{path}/".startswith(_API)


def is_city_wide(path: str) -> bool:
    """Return True for a path that tells of the whole city, whoever asks."""
    return any(pattern.fullmatch(path) for pattern in _CITY_WIDE)


def is_page(path: str) -> bool:
    """Return True for the path of a page."""
    return any(pattern.fullmatch(path) for pattern, _, _ in _PAGES)


def needed_to_act(path: str) -> Permission | None:
    """Return what the buttons of a page need; None when no rule speaks of it."""
    for pattern, _, acted in _PAGES:
        if pattern.fullmatch(path):
            return acted
    return None
