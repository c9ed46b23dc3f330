"""What indicators shall be: read, told beside what they are, and decided on their sheet."""

from dataclasses import dataclass

from sqlalchemy import select

from lamppost.register import words
from lamppost.register.condition import deciding
from lamppost.register.condition.tables import target
from lamppost.register.condition.values import INDICATOR
from lamppost.register.indicators.values import Definition, Value
from lamppost.register.markup import Markup, tag
from lamppost.register.pages.aim_fields import fields, numbers
from lamppost.register.pages.deeds import Asked
from lamppost.register.pages.forms import button, question
from lamppost.register.publish.rows import met
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register
from lamppost.register.records.writing import Writer

TARGETS_MAX = 1_000
NONE = "none is set"


@dataclass(frozen=True, slots=True)
class Aim:
    """What an indicator shall be.

    Attributes:
        id: Of the target.
        baseline: What it was before anything was done.
        goal: What it shall be.
        basis: Where both come from.
    """

    id: str
    baseline: float
    goal: float
    basis: str


def aims(register: Register) -> dict[str, Aim]:
    """Return the aims that hold, by indicator."""
    columns = (target.c.id, target.c.baseline, target.c.goal, target.c.basis)
    of_indicators = (target.c.scope == INDICATOR) & target.c.valid_to_ms.is_(None)
    query = select(target.c.subject, *columns).where(of_indicators).limit(TARGETS_MAX)
    with register.database.reading() as connection:
        return {row[0]: Aim(*row[1:]) for row in connection.execute(query)}


def told(value: Value, aim: Aim | None) -> str:
    """Return a target in words; of what is not reported nobody knows whether it is met."""
    if aim is None:
        return NONE
    is_met = met(value.value, aim.baseline, aim.goal)
    reached = {None: "not known", 0: "not met", 1: "met"}[is_met]
    return f"{_with_unit(aim.goal, value.unit)}, {reached}"


def buttons(definition: Definition, aim: Aim | None) -> Markup:
    """Return the buttons to decide on it; `questions` has their dialogs."""
    about = definition.title
    found = [
        button("aim", "Set a target…" if aim is None else "Change…", definition.id, None, about)
    ]
    if aim is not None:
        found.append(button("end", "End it", definition.id, None, about))
    return tag("div.entry.acts", *found)


def questions(definition: Definition, aim: Aim | None) -> Markup:
    """Return the dialogs of the buttons."""
    unit = words.unit(definition.unit)
    of = f" in {unit}" if unit else ""
    return question("aim", "What it shall be", "Set", *fields(of, aim))


def done(writer: Writer, definition: Definition, wanted: Asked) -> str:
    """Set or end the target of an indicator; returns the sentence for success.

    Raises:
        RefusedError: a number is none, the basis is missing, or there is no target to end.
    """
    if wanted.deed == "aim":
        baseline, goal = numbers(wanted)
        basis = wanted.said.get("basis", "")
        about = (INDICATOR, definition.id, INDICATOR, definition.unit)
        deciding.aim(writer, *about, baseline, goal, basis)
        return f"The target is {_with_unit(goal, definition.unit)}."
    if wanted.deed == "end":
        query = select(target).where(
            target.c.scope == INDICATOR,
            target.c.subject == definition.id,
            target.c.valid_to_ms.is_(None),
        )
        for one in writer.take("target", query):
            deciding.end(writer, "target", one)
        return "The target holds no longer; the audit trail keeps it."
    raise RefusedError(f"deed: came {wanted.deed[:40]!r}, allowed: the buttons of this page")


def _with_unit(number: float, unit: str) -> str:
    return f"{words.number(number)} {words.unit(unit)}".rstrip()
