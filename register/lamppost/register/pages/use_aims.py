"""What may be used a day: read, and decided on by the buttons of the page `/use`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from lamppost.register import words
from lamppost.register.condition import deciding
from lamppost.register.condition.tables import target
from lamppost.register.condition.values import RESOURCES
from lamppost.register.markup import Markup, tag
from lamppost.register.pages.aim_fields import fields, numbers
from lamppost.register.pages.deeds import Asked
from lamppost.register.pages.forms import button, line, question
from lamppost.register.records.links import RefusedError
from lamppost.register.records.writing import Writer

AIMS_MAX = 1_000
SET = "aim"
"""The deed that sets a target; with a target's id behind it, its dialog knows what holds."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What a part of the city may use of a resource a day.

    Attributes:
        id: Of the target; "" while there is none.
        scope: "asset", "district" or "class".
        subject: Which one.
        resource: A key of `RESOURCES`.
        baseline: What it used before anything was done.
        goal: What it shall use.
        basis: Where both come from.
    """

    id: str
    scope: str
    subject: str
    resource: str
    baseline: float
    goal: float
    basis: str

    @property
    def record(self) -> str:
        """What a button says it is about."""
        return json.dumps([self.scope, self.subject, self.resource])


def aims(connection: Connection, scope: str, resource: str) -> dict[str, Aim]:
    """Return the targets that hold, by what they are about."""
    columns = [target.c[name] for name in Aim.__dataclass_fields__]
    asked = (
        select(*columns)
        .where(target.c.scope == scope, target.c.resource == resource)
        .where(target.c.valid_to_ms.is_(None))
        .order_by(target.c.subject)
        .limit(AIMS_MAX)
    )
    return {row.subject: Aim(*row) for row in connection.execute(asked)}


def buttons(aim: Aim, *, acts: bool) -> list[Markup]:
    """Return the cell with the buttons of one target; none where they are not for who looks."""
    if not acts:
        return []
    about = f"{aim.subject}, {aim.resource}"
    if not aim.id:
        return [button(SET, "Set a target…", aim.record, None, about)]
    change = button(f"{SET}-{aim.id}", "Change…", aim.record, None, about)
    return [tag("div.acts", change, button("end", "End it", aim.id, None, about))]


def other(scope: str, resource: str) -> Markup:
    """Return the button that sets a target of what is not listed."""
    record = Aim("", scope, "", resource, 0.0, 0.0, "").record
    told = f"Set a target for another {scope}…"
    return tag("div.entry.acts", button(f"{SET}-other", told, record, None, resource))


def questions(resource: str, known: Sequence[Aim]) -> Markup:
    """Return the dialogs of the buttons."""
    subject = line("subject", "Which one", is_needed=True)
    return Markup.join_all(
        [
            _question(SET, resource),
            _question(f"{SET}-other", resource, subject),
            *(_question(f"{SET}-{one.id}", resource, aim=one) for one in known),
        ]
    )


def _question(deed: str, resource: str, *first: Markup, aim: Aim | None = None) -> Markup:
    of = f", {words.unit(RESOURCES[resource])} a day"
    return question(deed, "What it shall use a day", "Set", *first, *fields(of, aim))


def done(writer: Writer, _who: str, wanted: Asked) -> str:
    """Set or end a target; returns the sentence for success.

    Raises:
        RefusedError: a number is none, the basis is missing, or the deed is none of this page.
    """
    if wanted.deed == "end":
        deciding.end(writer, "target", wanted.record)
        return "The target holds no longer; the audit trail keeps it."
    if wanted.deed.partition("-")[0] != SET:
        came = wanted.deed[:40]
        raise RefusedError(f"deed: came {came!r}, allowed: the buttons of this page")
    scope, subject, resource = _about(wanted)
    baseline, goal = numbers(wanted)
    unit = RESOURCES[resource]
    basis = wanted.said.get("basis", "")
    deciding.aim(writer, scope, subject, resource, unit, baseline, goal, basis)
    return f"{subject} shall use {words.number(goal)} {words.unit(unit)} of {resource} a day."


def _about(wanted: Asked) -> tuple[str, str, str]:
    try:
        scope, subject, resource = map(str, json.loads(wanted.record))
    except (ValueError, TypeError) as error:
        came = wanted.record[:40]
        raise RefusedError(f"record: came {came!r}, allowed: one of this page") from error
    if resource not in RESOURCES:
        allowed = ", ".join(RESOURCES)
        raise RefusedError(f"resource: came {resource[:40]!r}, allowed: {allowed}")
    return scope, subject or wanted.said.get("subject", "").strip(), resource
