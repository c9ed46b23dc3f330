"""SensorThings over HTTP, under /v1.1."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from lamppost.register.answering import answer, ask
from lamppost.register.problems import Problem
from lamppost.register.records.store import Register
from lamppost.register.sensorthings.asked import AskedError, read_query
from lamppost.register.sensorthings.model import SETS
from lamppost.register.sensorthings.paths import PREFIX, Step, read_path
from lamppost.register.sensorthings.reading import Reader, walk

CONFORMANCE = (
    "http://www.opengis.net/spec/iot_sensing/1.1/req/datamodel",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/resource-path/resource-path-to-entities",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data",
)

router = APIRouter(prefix=PREFIX, tags=["sensorthings"])


@router.get("", include_in_schema=False)
@router.get("/")
def get_root(request: Request) -> JSONResponse:
    """Return the entity sets, and what of the standard is served."""
    base = _base(request)
    listed = [{"name": name, "url": f"{base}{PREFIX}/{name}"} for name in SETS]
    return JSONResponse({"value": listed, "serverSettings": {"conformance": CONFORMANCE}})


@router.get("/{path:path}")
def get_entities(request: Request, path: str) -> Response:
    """Return an entity or a page of a collection; reading only."""
    steps = read_path(path)
    if not steps:
        told = f"no address {path[:200]!r}; {PREFIX} lists the entity sets"
        raise Problem(HTTPStatus.NOT_FOUND, told)
    try:
        body = ask(request, lambda register: _walk(request, register, steps))
    except AskedError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, str(error)) from error
    except OSError as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error
    if "@iot.nextLink" in body:
        following = request.url.include_query_params(**{"$skip": body["@iot.nextLink"]})
        body["@iot.nextLink"] = f"{_base(request)}{following.path}?{following.query}"
    return answer(request, body)


def _walk(request: Request, register: Register, steps: tuple[Step, ...]) -> dict[str, Any]:
    query = read_query(request.query_params.multi_items())
    feed = request.app.state.feed
    with register.database.reading() as connection:
        reader = Reader(connection, feed.live, feed.now_ms(), _base(request))
        return walk(reader, steps, query)


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"
