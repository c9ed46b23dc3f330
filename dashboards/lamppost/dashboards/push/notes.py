"""Incidents and maintenance as annotations: what happened when, on every board.

They are read from the console's API and are never deleted: what the console no longer lists is
history, not a mistake.
"""

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from lamppost.dashboards.arguments import Failed
from lamppost.dashboards.board import TAG
from lamppost.dashboards.push.things import Kind, Thing

INCIDENT, MAINTENANCE = "incident", "maintenance"
TIMEOUT_S = 10.0
REFUSALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
MAX_NOTES = 1_000
MAX_BYTES = 8 << 20
MAX_TEXT_CHARS = 500


def from_console(console_url: str, token: str = "") -> list[Thing]:
    """Return the annotations that the console's incidents and maintenance make.

    Args:
        console_url: the register's console, without a slash at its end.
        token: of a viewer, where the console asks who comes.

    Raises:
        Failed: it does not answer, wants another token, or is no console.
    """
    try:
        return [
            make(one)
            for kind, make in (("incidents", of_incident), ("maintenance", of_maintenance))
            for one in _asked(f"{console_url}/api/v0/{kind}?limit={MAX_NOTES}", kind, token)
        ]
    except HTTPError as error:
        told = f"{console_url}: came {error.code} {error.reason}"
        if error.code in REFUSALS:
            told += "; allowed: a viewer's token in --console-token-file"
        raise Failed(told) from error
    except (URLError, OSError, ValueError, KeyError, TypeError) as error:
        raise Failed(f"{console_url}: came no answer of a console: {error}") from error


def of_incident(one: Mapping[str, Any]) -> Thing:
    """Return the annotation of an incident; an open one has no end yet."""
    tags = [INCIDENT, f"id:{one['id']}", f"class:{one['incident_class']}", f"at:{_place(one)}"]
    return _note(tags, int(one["opened_ms"]), one["closed_ms"], str(one["reason"]))


def of_maintenance(one: Mapping[str, Any]) -> Thing:
    """Return the annotation of maintenance, which is known by its place and its beginning."""
    place = _place(one)
    tags = [MAINTENANCE, f"id:{place}@{one['since_ms']}", f"at:{place}"]
    text = f"Maintenance at {place} by {one['by']}: {one['reason']}"
    return _note(tags, int(one["since_ms"]), one["until_ms"], text)


def known(found: list[dict[str, Any]]) -> Iterator[Thing]:
    """Yield annotations that are there and ours."""
    for one in found:
        tags = list(one.get("tags") or ())
        key = next((tag for tag in tags if tag.startswith("id:")), "")
        if TAG in tags and key:
            body = {"time": one["time"], "timeEnd": one["timeEnd"], "tags": sorted(tags)}
            yield Thing(Kind.NOTE, key, key, "", {**body, "text": one["text"], "id": one["id"]})


def only_listed(there: list[Thing], wanted: list[Thing]) -> list[Thing]:
    """Return what is there without annotations nobody asks for, which therefore stay."""
    keys = {one.key for one in wanted}
    return [one for one in there if one.kind is not Kind.NOTE or one.key in keys]


def with_ids(wanted: list[Thing], there: list[Thing]) -> list[Thing]:
    """Return annotations with the number by which Grafana changes those it has."""
    ids = {one.key: one.body["id"] for one in there if one.kind is Kind.NOTE}
    return [
        Thing(one.kind, one.key, one.title, "", {**one.body, "id": ids[one.key]})
        if one.key in ids
        else one
        for one in wanted
    ]


def _note(tags: list[str], begin_ms: int, end_ms: int | None, text: str) -> Thing:
    key = tags[1]
    body = {
        "time": begin_ms,
        "timeEnd": begin_ms if end_ms is None else int(end_ms),
        "tags": sorted([TAG, *tags]),
        "text": text[:MAX_TEXT_CHARS],
    }
    return Thing(Kind.NOTE, key, key, "", body)


def _place(one: Mapping[str, Any]) -> str:
    return "/".join(part for part in (one["group"], one["node"], one["device"]) if part)


def _asked(url: str, name: str, token: str) -> list[dict[str, Any]]:
    asked = Request(url)  # noqa: S310 - http or https, checked
    if token:  # not for whom a redirection leads to
        asked.add_unredirected_header("Authorization", f"Bearer {token}")
    with urlopen(asked, timeout=TIMEOUT_S) as answer:  # noqa: S310
        listed: list[dict[str, Any]] = json.loads(answer.read(MAX_BYTES))[name]
    return listed
