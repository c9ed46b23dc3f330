"""Errors of the API as `application/problem+json` (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

CAME_CHARS_MAX = 80
"""Of a value that came; whoever sent it has it."""

TOLD_MAX = 5
DETAIL_CHARS_MAX = 2_000


class Problem(Exception):  # noqa: N818 - the RFC's name for it
    """A request that cannot be answered.

    Attributes:
        status: HTTP status.
        detail: What came, what is allowed, and where.
        headers: More headers of the answer.
    """

    def __init__(
        self, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers


def problem(
    status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return an error answer; of a detail that is too long its beginning."""
    if len(detail) > DETAIL_CHARS_MAX:
        detail = f"{detail[:DETAIL_CHARS_MAX]}…"
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
    }
    return JSONResponse(body, status, headers, media_type="application/problem+json")


async def _answer(_: Request, error: Exception) -> JSONResponse:
    if isinstance(error, RequestValidationError):
        wrong = error.errors()
        told = [_told(item) for item in wrong[:TOLD_MAX]]
        if len(wrong) > len(told):
            told.append(f"and {len(wrong) - len(told)} more")
        return problem(HTTPStatus.BAD_REQUEST, "; ".join(told))
    if isinstance(error, Problem):
        return problem(error.status, error.detail, error.headers)
    if isinstance(error, HTTPException):
        return problem(HTTPStatus(error.status_code), str(error.detail), error.headers)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "the console failed; its log says why")


def _told(item: dict[str, object]) -> str:
    where = item["loc"]
    name = where[-1] if isinstance(where, tuple) and where else "request"
    came = "nothing" if item["type"] == "missing" else _short(repr(item.get("input")))
    return f"{_short(str(name))}: came {came}, {item['msg']}"


def _short(came: str) -> str:
    return came if len(came) <= CAME_CHARS_MAX else f"{came[:CAME_CHARS_MAX]}…"


def install(app: FastAPI) -> None:
    """Make an application answer its errors as problems."""
    app.add_exception_handler(RequestValidationError, _answer)
    app.add_exception_handler(Problem, _answer)
    app.add_exception_handler(
        HTTPException, _answer
    )  # bytes that are no JSON, methods that are none
    app.add_exception_handler(Exception, _answer)
