"""Exports over HTTP: the whole register under /api/v1/export, and /metrics."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from lamppost.register.answering import ERRORS, ONE_ERRORS, PREFIX, ask
from lamppost.register.exports.formats import FORMATS, SHEETS, Format, Latest
from lamppost.register.exports.metrics import exposition
from lamppost.register.exports.records import Records
from lamppost.register.problems import Problem
from lamppost.register.records.store import Register

router = APIRouter(tags=["exports"])


@router.get(f"{PREFIX}/export/csv/{{kind}}", responses=ONE_ERRORS)
def get_sheet(request: Request, kind: str) -> Response:
    """Return all records of a kind as CSV."""
    return _streamed(request, _known(SHEETS, kind), f"lamppost-{kind}")


@router.get(f"{PREFIX}/export/{{name}}", responses=ONE_ERRORS)
def get_export(request: Request, name: str) -> Response:
    """Return the register in a format: geojson, ngsi-ld or sensorthings."""
    return _streamed(request, _known(FORMATS, name), f"lamppost-{name}")


@router.get("/metrics", responses=ERRORS, response_class=Response)
def get_metrics(request: Request) -> Response:
    """Return how the platform is, for Prometheus."""
    snapshot = request.app.state.feed.live.snapshot()
    return Response(exposition(snapshot), media_type=CONTENT_TYPE_LATEST)


def _known(formats: Mapping[str, Format], name: str) -> Format:
    if name not in formats:
        told = f"no format {name[:100]!r}; there are: {', '.join(formats)}"
        raise Problem(HTTPStatus.NOT_FOUND, told)
    return formats[name]


def _streamed(request: Request, chosen: Format, name: str) -> Response:
    """Stream it: a city of 100,000 channels is no body to hold in memory."""
    latest: Latest = request.app.state.feed.live.snapshot().channels
    register = ask(request, lambda register: register)
    disposition = f'attachment; filename="{name}{chosen.suffix}"'
    return StreamingResponse(
        _pieces(register, chosen, latest),
        media_type=chosen.media_type,
        headers={"Content-Disposition": disposition, "Cache-Control": "no-store"},
    )


def _pieces(register: Register, chosen: Format, latest: Latest) -> Iterator[str]:
    with register.database.reading() as connection:
        yield from chosen.pieces(Records(connection, register.now_ms()), latest)
