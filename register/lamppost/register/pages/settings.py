"""The page `/settings`: who looks, what this console runs with, and what rules it."""

import os
from collections.abc import Iterator
from itertools import groupby

from fastapi import Request
from starlette.responses import Response

from lamppost.register import configured, words
from lamppost.register.access import callers
from lamppost.register.access.callers import Caller
from lamppost.register.access.rules import MAY
from lamppost.register.alarms.escalation import held
from lamppost.register.indicators.definitions import (
    CITY_FILE,
    FACTS,
    DefinitionError,
    city_facts,
)
from lamppost.register.markup import Markup, tag
from lamppost.register.pages import boards, escalations
from lamppost.register.pages.deeds import Asked
from lamppost.register.pages.sheets import facts, note, part, table
from lamppost.register.pages.showing import Drawn, show
from lamppost.register.publish.rows import HOUR_MS
from lamppost.register.publish.rows import MINUTE_MS as PUBLISH_MS
from lamppost.register.records import audit, uploads
from lamppost.register.records.address import VARIABLE
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register
from lamppost.register.records.writing import Writer

PATH = "/settings"
MB = 1024 * 1024
PERMISSIONS = {
    "read": "read everything but the audit trail",
    "operate": "act on alarms and work orders",
    "engineer": "suppress alarms, take them out of service",
    "steward": "decide on data resources, targets, imports and when alarms are passed on",
    "audit": "read the audit trail",
}
"""What a role may do, in words; what anyone may is not worth a line."""


def draw(register: Register, caller: Caller, *, with_access: bool) -> Drawn:
    """Read and draw the page; paths and the aggregator's file are not for everybody.

    Args:
        register: Where the records are.
        caller: Who looks.
        with_access: Whether people sign in here.
    """
    parts = [
        _who(caller),
        _access(with_access=with_access),
        _city(register),
        _publishing(),
    ]
    acts = caller.may("steward") and caller.districts is None
    with register.database.reading() as connection:
        policy = held(connection)
    parts.append(escalations.card(policy, acts=acts))
    if caller.may("engineer") or caller.may("audit"):
        parts += [_records(register), *_file()]
    asks = escalations.questions(policy) if acts else Markup("")
    return Drawn("Settings", Markup.join_all([tag("div.asset", *parts), asks]))


def _who(caller: Caller) -> Markup:
    if caller.role is None:
        return part("Who you are", note("Nobody has signed in."))
    may = [told for name, told in PERMISSIONS.items() if name in MAY[caller.role]]
    told = facts(
        {
            "Name": caller.name or "whatever you say on each page: nobody signs in here",
            "Role": caller.role,
            "Districts": "all" if caller.districts is None else ", ".join(caller.districts),
            "May": "; ".join(may),
        }
    )
    return part("Who you are", told)


def _access(*, with_access: bool) -> Markup:
    if with_access:
        told = "On: people sign in, programs show a token."
    else:
        told = "Off, demo mode: no sign-in, everything is allowed, from this machine only."
    key, command = tag("code", "access"), tag("code", "lamppost register user")
    rule = ["Ruled by ", key, " under [console] of the aggregator's file; users by ", command]
    return part("Access", tag("p.entry", told), tag("p.entry.note", *rule, "."))


def _records(register: Register) -> Markup:
    trail = "not for one of some districts"
    if register.boundary is None:
        with register.database.reading() as connection:
            number, head = audit.head(connection)
        trail = f"{words.count(number, 'entry', 'entries')}, ends with {head[:16]}…"
    file = register.database.file
    size = None
    if file is not None and file.exists():
        size = f"{words.number(file.stat().st_size / MB)} MiB"
    given = VARIABLE in os.environ
    told = facts(
        {
            "Database": register.address,
            "Size": size,
            "Ruled by": VARIABLE if given else "the default, in the data folder",
            "Data folder": str(register.data_dir.absolute()),
            "Trail": trail,
            "Kept": "records and the trail for ever; what ends is closed, not deleted",
            "Uploads": f"the newest {uploads.FILES_MAX}, "
            f"{uploads.UPLOAD_BYTES_MAX // MB} MiB each at most",
        }
    )
    return part("Records", told)


def _city(register: Register) -> Markup:
    try:
        known = city_facts(register.data_dir / CITY_FILE)
    except DefinitionError as error:
        return part("The city", tag("p.entry.bad", f"{error}."))
    told = {
        words_of.capitalize(): words.number(known[name]) if name in known else "not said"
        for name, words_of in FACTS.items()
    }
    rule = f"Ruled by {CITY_FILE} in the data folder; without a fact, indicators say NR."
    return part("The city", facts(told), note(rule))


def _publishing() -> Markup:
    try:
        grafana = boards.address() or f"not said; {boards.VARIABLE} says where it is"
    except RefusedError as error:
        grafana = f"{error}."
    told = facts(
        {
            "Dashboards": f"conditions and alarms each {words.span(PUBLISH_MS)}, "
            f"headroom and use each {words.span(HOUR_MS)}, to the store of readings",
            "Grafana": grafana,
        }
    )
    return part("Publishing", told)


def _file() -> Iterator[Markup]:
    settings = configured.told()
    if not settings:
        yield part("The aggregator's file", note("No aggregator has told what it runs with."))
        return
    heads = ("Key", "Value", "Allowed", "Set by")
    for section, group in groupby(settings, key=lambda one: one.section):
        rows = [
            [one.name, one.value, one.allowed, "default" if one.is_default else "the file"]
            for one in group
        ]
        yield part(f"The aggregator's file: [{section}]", table(section, heads, rows))


async def build_settings(register: Register | None, request: Request) -> Response | None:
    """Build the page for a browser tab."""
    caller = callers.of(request)
    with_access = getattr(request.state, "door", None) is not None

    def drawn(held: Register) -> Drawn:
        return draw(held, caller, with_access=with_access)

    def decided(writer: Writer, _who: str, wanted: Asked) -> str:
        return escalations.done(writer, wanted)

    return await show(register, request, (PATH, "Settings"), drawn, decided)
