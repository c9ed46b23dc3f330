"""The records over HTTP, read-only, under /api/v1.

Lists come in pages: `next` of one page is `after` of the next. Every answer has an ETag, so a
reader that asks again with If-None-Match is told when nothing has changed. Errors are
problem+json.
"""

from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from lamppost.register.answering import (
    ERRORS,
    ONE_ERRORS,
    PREFIX,
    Listed,
    answer,
    ask,
    listed,
)
from lamppost.register.problems import Problem
from lamppost.register.records.asked import (
    Asked,
    AssetsAsked,
    ChannelsAsked,
    CommissioningsAsked,
    DevicesAsked,
    LinksAsked,
    NodesAsked,
    StreamsAsked,
    TrailAsked,
)
from lamppost.register.records.reading import KINDS
from lamppost.register.records.values import (
    Asset,
    Channel,
    Commissioning,
    Device,
    Entry,
    Link,
    Node,
    Stream,
)


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
class Commissionings(Listed):
    """A page of commissionings."""

    items: tuple[Commissioning, ...]


@dataclass(frozen=True)
class Trail(Listed):
    """A page of the audit trail."""

    items: tuple[Entry, ...]


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


@router.get("/commissionings", response_model=Commissionings, responses=ERRORS)
def get_commissionings(
    request: Request, asked: Annotated[CommissioningsAsked, Query()]
) -> Response:
    """Return who has handed over which device at which asset."""
    return _page(request, "commissionings", asked)


@router.get("/audit", response_model=Trail, responses=ERRORS)
def get_trail(request: Request, asked: Annotated[TrailAsked, Query()]) -> Response:
    """Return the audit trail, oldest first."""
    page = ask(request, lambda r: r.trail(asked.kind, asked.record, asked.after, asked.limit))
    return listed(request, page)


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


@router.get("/commissionings/{record:path}", response_model=Commissioning, responses=ONE_ERRORS)
def get_commissioning(request: Request, record: str) -> Response:
    """Return a commissioning."""
    return _one(request, "commissionings", record)


@router.get("/openapi.json", include_in_schema=False)
def get_description(request: Request) -> JSONResponse:
    """Return the description of the API."""
    return JSONResponse(request.app.openapi())


@router.get("/{rest:path}", include_in_schema=False)
def get_nothing(rest: str) -> Response:
    """Answer an unknown path."""
    known = ", ".join([*KINDS, "audit"])
    told = f"no resource {rest!r}; there are: {known}, and what {PREFIX}/openapi.json lists"
    raise Problem(HTTPStatus.NOT_FOUND, told)


def _page(request: Request, kind: str, asked: Asked) -> Response:
    return listed(request, ask(request, lambda r: r.page(kind, asked.wanted())))


def _one(request: Request, kind: str, record: str) -> Response:
    found = None if "\0" in record else ask(request, lambda r: r.one(kind, record))
    if found is None:
        told = f"no record {record!r}; {PREFIX}/{kind} lists them"
        raise Problem(HTTPStatus.NOT_FOUND, told)
    return answer(request, asdict(found))
