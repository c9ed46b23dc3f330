"""Evidence packs over HTTP: made when somebody asks, and given as a file."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from lamppost.register.access import callers
from lamppost.register.answering import ACT_ERRORS, PREFIX, ask
from lamppost.register.evidence.making import make
from lamppost.register.indicators.definitions import (
    CITY_FILE,
    DefinitionError,
    city_facts,
    known,
    period,
)
from lamppost.register.records.deciding import NAME_CHARS_MAX, text
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register

router = APIRouter(prefix=f"{PREFIX}/indicators", tags=["indicators"])
ZIP = "application/zip"


@router.post(
    "/{indicator}/evidence",
    response_class=Response,
    responses={**ACT_ERRORS, 200: {"description": "The pack.", "content": {ZIP: {}}}},
)
def post_evidence(
    request: Request,
    indicator: str,
    name: Annotated[str, Form(alias="period", max_length=40)],
    by: Annotated[str, Form(max_length=NAME_CHARS_MAX)] = "",
) -> Response:
    """Make the pack of an indicator in a month or a year.

    It is a form, so that a page's button gets the file without a script.
    """

    def made(register: Register) -> bytes:
        who = callers.of(request).name or text("by", by, NAME_CHARS_MAX)
        try:
            wanted, definition = period(name), known(indicator)
            facts = city_facts(register.data_dir / CITY_FILE)
        except DefinitionError as error:
            raise RefusedError(str(error)) from error
        with TemporaryDirectory() as folder:
            out = Path(folder) / "pack.zip"
            make(register, definition, wanted, facts, out, who)
            return out.read_bytes()

    body = ask(request, made)
    file = "".join(one if one.isalnum() else "-" for one in f"{indicator}-{name}")
    headers = {"Content-Disposition": f'attachment; filename="evidence-{file}.zip"'}
    return Response(body, media_type=ZIP, headers=headers)
