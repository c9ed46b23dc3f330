"""The page `/alarms`: acknowledge, shelve, assign."""

from fastapi import Request
from starlette.responses import Response

from lamppost.register.alarms import desk
from lamppost.register.pages.alarm_list import PATH, Filters, filter_form, filters, load
from lamppost.register.pages.alarm_rows import SHELF_HOURS, questions, row
from lamppost.register.pages.building import build
from lamppost.register.pages.deeds import Asked
from lamppost.register.pages.listing import Shape
from lamppost.register.records.deciding import text
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register
from lamppost.register.records.writing import Writer
from lamppost.register.work import desk as work_desk

HOUR_MS = 3_600_000


def _done(writer: Writer, who: str, wanted: Asked) -> str:
    one, version = wanted.record, wanted.version
    if wanted.deed == "acknowledge":
        if desk.act(writer, one, "acknowledge", who, version=version):
            return "Acknowledged."
        return "Acknowledged already: a colleague was a moment faster."
    if wanted.deed == "unshelve":
        desk.act(writer, one, "unshelve", who, version=version)
        return "Taken off the shelf."
    if wanted.deed == "shelve":
        return _shelved(writer, who, wanted)
    if wanted.deed == "assign":
        to = wanted.said.get("to", "").strip()
        name = text("to", to, 100) if to else None
        desk.assign(writer, one, name, version)
        return f"Assigned to {name}." if name else "Assigned to nobody."
    if wanted.deed == "order":
        order = work_desk.open_order(writer, work_desk.Wanted(alarm=one), who)
        return f"Work order {order} is open for it."
    raise RefusedError(f"deed: came {wanted.deed[:40]!r}, allowed: the buttons of this page")


def _shelved(writer: Writer, who: str, wanted: Asked) -> str:
    hours = wanted.said.get("hours", "")
    if hours not in SHELF_HOURS:
        allowed = ", ".join(SHELF_HOURS)
        raise RefusedError(f"hours: came {hours[:40]!r}, allowed: {allowed}")
    desk.act(
        writer,
        wanted.record,
        "shelve",
        who,
        version=wanted.version,
        reason=text("reason", wanted.said.get("reason", "")),
        until_ms=writer.now_ms + int(hours) * HOUR_MS,
    )
    return f"Shelved for {SHELF_HOURS[hours].partition(':')[0]}."


def _shape(wanted: Filters, places: list[str]) -> Shape:
    return Shape(
        path=PATH,
        title="Alarms",
        noun="alarm",
        load=lambda register: load(register, wanted),
        row=row,
        done=_done,
        filter_form=filter_form(wanted, places),
        questions=questions(),
        older=wanted.older,
        is_narrowed=bool(wanted.incident or wanted.after),
    )


async def build_alarms(register: Register | None, request: Request) -> Response | None:
    """Build the page for a browser tab."""
    return await build(register, request, (PATH, "Alarms"), filters, Filters(), _shape)
