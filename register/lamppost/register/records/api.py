"""The records over HTTP, read-only, under /api/v1.

Lists come in pages: `next` of one page is `after` of the next. Every answer has an ETag, so a
reader that asks again with If-None-Match is told when nothing has changed. Errors are
problem+json.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from lamppost.register.problems import Problem
from lamppost.register.records.asked import (
    Asked,
    AssetsAsked,
    ChannelsAsked,
    DevicesAsked,
    LinksAsked,
    NodesAsked,
    StreamsAsked,
    TrailAsked,
)
from lamppost.register.records.reading import KINDS, Page
from lamppost.register.records.store import Register
from lamppost.register.records.values import Asset, Channel, Device, Entry, Link, Node, Stream

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
class Assets(Listed):
    """A page of assets."""

    items: tuple[Asset, ...]


@dataclass(frozen=True)
class Nodes(Listed):
    """A page of nodes."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Devices(Listed):
    """A page of devices."""

    items: tuple[Device, ...]


@dataclass(frozen=True)
class Channels(Listed):
    """A page of channels."""

    items: tuple[Channel, ...]


@dataclass(frozen=True)
class Streams(Listed):
    """A page of streams."""

    items: tuple[Stream, ...]


@dataclass(frozen=True)
class Links(Listed):
    """A page of links."""

    items: tuple[Link, ...]


@dataclass(frozen=True)
class Trail(Listed):
    """A page of the audit trail."""

    items: tuple[Entry, ...]


@dataclass(frozen=True)
class Told:
    """An error, as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str


def _error(told: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Told"}
    return {"description": told, "content": {"application/problem+json": {"schema": schema}}}


ERRORS: dict[int | str, dict[str, Any]] = {
    304: {"description": "Nothing has changed since the ETag in If-None-Match."},
    400: _error("What was asked is not allowed."),
    403: _error("A foreign host name or origin."),
    503: {**_error("The records cannot be read now."), "model": Told},
}
ONE_ERRORS = ERRORS | {404: _error("There is no such record.")}

router = APIRouter(prefix=PREFIX, tags=["records"])


@router.get("/assets", response_model=Assets, responses=ERRORS)
def get_assets(request: Request, asked: Annotated[AssetsAsked, Query()]) -> Response:
    """Return assets."""
    return _page(request, "assets", asked)


@router.get("/nodes", response_model=Nodes, responses=ERRORS)
def get_nodes(request: Request, asked: Annotated[NodesAsked, Query()]) -> Response:
    """Return edge nodes."""
    return _page(request, "nodes", asked)


@router.get("/devices", response_model=Devices, responses=ERRORS)
def get_devices(request: Request, asked: Annotated[DevicesAsked, Query()]) -> Response:
    """Return devices."""
    return _page(request, "devices", asked)


@router.get("/channels", response_model=Channels, responses=ERRORS)
def get_channels(request: Request, asked: Annotated[ChannelsAsked, Query()]) -> Response:
    """Return channels."""
    return _page(request, "channels", asked)


@router.get("/streams", response_model=Streams, responses=ERRORS)
def get_streams(request: Request, asked: Annotated[StreamsAsked, Query()]) -> Response:
    """Return streams."""
    return _page(request, "streams", asked)


@router.get("/links", response_model=Links, responses=ERRORS)
def get_links(request: Request, asked: Annotated[LinksAsked, Query()]) -> Response:
    """Return what channels tell of assets."""
    return _page(request, "links", asked)


@router.get("/audit", response_model=Trail, responses=ERRORS)
def get_trail(request: Request, asked: Annotated[TrailAsked, Query()]) -> Response:
    """Return the audit trail, oldest first."""
    page = _ask(request, lambda r: r.trail(asked.kind, asked.record, asked.after, asked.limit))
    return _listed(request, page)


@router.get("/assets/{record:path}", response_model=Asset, responses=ONE_ERRORS)
def get_asset(request: Request, record: str) -> Response:
    """Return an asset."""
    return _one(request, "assets", record)


@router.get("/nodes/{record:path}", response_model=Node, responses=ONE_ERRORS)
def get_node(request: Request, record: str) -> Response:
    """Return an edge node; its id is GROUP/NODE."""
    return _one(request, "nodes", record)


@router.get("/devices/{record:path}", response_model=Device, responses=ONE_ERRORS)
def get_device(request: Request, record: str) -> Response:
    """Return a device; its id is GROUP/NODE/DEVICE."""
    return _one(request, "devices", record)


@router.get("/channels/{record:path}", response_model=Channel, responses=ONE_ERRORS)
def get_channel(request: Request, record: str) -> Response:
    """Return a channel; its id is GROUP/NODE/DEVICE/METRIC."""
    return _one(request, "channels", record)


@router.get("/streams/{record:path}", response_model=Stream, responses=ONE_ERRORS)
def get_stream(request: Request, record: str) -> Response:
    """Return a stream; its id is that of its channel, "@" and when it began."""
    return _one(request, "streams", record)


@router.get("/links/{record:path}", response_model=Link, responses=ONE_ERRORS)
def get_link(request: Request, record: str) -> Response:
    """Return a link."""
    return _one(request, "links", record)


@router.get("/openapi.json", include_in_schema=False)
def get_description(request: Request) -> JSONResponse:
    """Return the description of the API."""
    return JSONResponse(request.app.openapi())


@router.get("/{rest:path}", include_in_schema=False)
def get_nothing(rest: str) -> Response:
    """Answer an unknown path."""
    known = ", ".join([*KINDS, "audit", "openapi.json"])
    raise Problem(HTTPStatus.NOT_FOUND, f"no resource {rest!r}; there are: {known}")


def _ask(request: Request, question: Callable[[Register], T]) -> T:
    register: Register | None = getattr(request.app.state, "register", None)
    if register is None:
        told = "no register is open here; the aggregator opens one unless told not to"
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, told)
    try:
        return question(register)
    except SQLAlchemyError as error:
        log.warning("the register's database does not answer: %s", error)
        told = "the register's database does not answer; the log says why"
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, told) from error


def _page(request: Request, kind: str, asked: Asked) -> Response:
    return _listed(request, _ask(request, lambda r: r.page(kind, asked.wanted())))


def _listed(request: Request, page: Page) -> Response:
    body = {
        "total": page.total,
        "items": [asdict(item) for item in page.items],
        "next": page.next,
    }
    answer = _answer(request, body)
    if page.next is not None:
        following = request.url.include_query_params(after=page.next)
        answer.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    return answer


def _one(request: Request, kind: str, record: str) -> Response:
    found = None if "\0" in record else _ask(request, lambda r: r.one(kind, record))
    if found is None:
        told = f"no record {record!r}; {PREFIX}/{kind} lists them"
        raise Problem(HTTPStatus.NOT_FOUND, told)
    return _answer(request, asdict(found))


def _answer(request: Request, body: dict[str, Any]) -> Response:
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
