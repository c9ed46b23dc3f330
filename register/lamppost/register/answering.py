"""Answers of the API under /api/v1: pages, ETags, and what goes wrong as a problem.

Lists come in pages: `next` of one page is `after` of the next. Every answer has an ETag, so a
reader that asks again with If-None-Match is told when nothing has changed.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, fields
from hashlib import sha256
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import Request, Response
from sqlalchemy.exc import SQLAlchemyError

from lamppost.register.access import callers
from lamppost.register.problems import Problem
from lamppost.register.records.deciding import ConflictError, UnknownError
from lamppost.register.records.links import RefusedError
from lamppost.register.records.reading import Page
from lamppost.register.records.refusals import OutsideError
from lamppost.register.records.store import Register

PREFIX = "/api/v1"
CACHE = "private, no-cache"
"""Keep it, but ask each time: the ETag makes asking cheap."""

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Listed:
    """One page: how many there are in all, and `after` of the next page, null on the last."""

    total: int
    next: str | None


@dataclass(frozen=True)
class Told:
    """An error, as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str


def error(told: str) -> dict[str, Any]:
    """Return the description of an error answer."""
    schema = {"$ref": "#/components/schemas/Told"}
    return {"description": told, "content": {"application/problem+json": {"schema": schema}}}


ERRORS: dict[int | str, dict[str, Any]] = {
    304: {"description": "Nothing has changed since the ETag in If-None-Match."},
    400: error("What was asked is not allowed."),
    403: error("A foreign host name or origin, or what the caller may not do."),
    503: {**error("The records cannot be read now."), "model": Told},
}
ONE_ERRORS = ERRORS | {404: error("There is no such record.")}
ACT_ERRORS = {
    status: told for status, told in ONE_ERRORS.items() if status != HTTPStatus.NOT_MODIFIED
} | {
    409: error("It has changed meanwhile, or the deed has no meaning now."),
    413: error("The body is too large."),
}


def ask(request: Request, question: Callable[[Register], T]) -> T:
    """Ask the register, or do something in it.

    Raises:
        Problem: there is none (503), its database is away (503), or it refuses: a record that
            has changed meanwhile (409), what lies outside the districts of who asks (403),
            anything else (400).
    """
    register = callers.narrowed(getattr(request.app.state, "register", None), request)
    if register is None:
        told = "no register is open here; the aggregator opens one unless told not to"
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, told)
    try:
        return question(register)
    except UnknownError as error:
        raise Problem(HTTPStatus.NOT_FOUND, str(error)) from error
    except ConflictError as error:
        raise Problem(HTTPStatus.CONFLICT, str(error)) from error
    except OutsideError as error:
        raise Problem(HTTPStatus.FORBIDDEN, str(error)) from error
    except RefusedError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, str(error)) from error
    except SQLAlchemyError as error:
        log.warning("the register's database does not answer: %s", error)
        told = "the register's database does not answer; the log says why"
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, told) from error


def listed(request: Request, page: Page) -> Response:
    """Return a page of a list."""
    body = {
        "total": page.total,
        "items": [_shallow(item) for item in page.items],
        "next": page.next,
    }
    page_answer = answer(request, body)
    if page.next is not None:
        following = request.url.include_query_params(after=page.next)
        page_answer.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    return page_answer


def _shallow(item: Any) -> dict[str, Any]:  # noqa: ANN401 - any value of the records
    """A value as JSON takes it; `asdict` copies each field deeply, half the time of a page."""
    return {field.name: getattr(item, field.name) for field in fields(item)}


def answer(request: Request, body: dict[str, Any]) -> Response:
    """Return a body with its ETag, or only that nothing has changed."""
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": CACHE}
    if _has(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(content, headers=headers, media_type="application/json")


def _has(given: str, tag: str) -> bool:
    """Compare as RFC 9110 has it for GET: weakly, against any in the list."""
    tags = {one.strip().removeprefix("W/") for one in given.split(",")}
    return tag in tags or tags == {"*"}
