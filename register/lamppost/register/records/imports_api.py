"""Importing assets over HTTP: a file is sent and previewed, then entered as it was sent."""

from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from lamppost.register.acting import Act, actor
from lamppost.register.answering import ACT_ERRORS, PREFIX, answer, ask
from lamppost.register.problems import Problem
from lamppost.register.records import uploads
from lamppost.register.records.importing import Report
from lamppost.register.records.store import Register

PATH = f"{PREFIX}/imports"

router = APIRouter(prefix=PATH, tags=["records"])

Count = Annotated[int, Field(ge=0, le=10_000_000)]
FILE = {"schema": {"type": "string", "format": "binary"}}
BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": FILE}}}


@dataclass(frozen=True)
class Previewed(Report):
    """What importing would do, and the name of the file, by its hash."""

    file: str


class Enter(Act):
    """What the preview said; it must still be so."""

    created: Count
    updated: Count


@router.post("", response_model=Previewed, responses=ACT_ERRORS, openapi_extra=BODY)
async def post_file(
    request: Request, kind: Annotated[Literal["csv", "geojson"], Query()]
) -> Response:
    """Take a file of assets and say what importing it would do; nothing is entered yet."""
    register = await run_in_threadpool(ask, request, lambda held: held)
    try:
        name = await uploads.keep(register, kind, request.stream())
    except uploads.TooLargeError as error:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(error)) from error
    return await run_in_threadpool(_previewed, request, name)


@router.post("/{file}", response_model=Report, responses=ACT_ERRORS)
def enter_file(request: Request, file: str, act: Enter) -> Response:
    """Enter a file that was sent, whole or not at all."""

    def do(register: Register) -> dict[str, Any]:
        who, seen = actor(request, act), (act.created, act.updated)
        with register.changing(who) as writer:
            return asdict(uploads.enter(writer, register.data_dir, file, seen))

    return answer(request, ask(request, do))


def _previewed(request: Request, name: str) -> Response:
    report = ask(request, lambda register: uploads.preview(register, name))
    return answer(request, asdict(report) | {"file": name})
