"""Who has signed an indicator value, and signing it on its sheet."""

from collections.abc import Mapping, Sequence

from lamppost.register import words
from lamppost.register.indicators import desk
from lamppost.register.indicators.signing import SignOff, sign
from lamppost.register.indicators.values import OWNER, PARTS, STEWARD, Value
from lamppost.register.markup import Markup, tag
from lamppost.register.pages.deeds import Asked
from lamppost.register.pages.forms import button, lines, question, select
from lamppost.register.pages.indicator_values import (
    asked_definition,
    asked_period,
    facts,
)
from lamppost.register.pages.places import given
from lamppost.register.records.store import Register
from lamppost.register.records.writing import Writer

DEED = "sign"
AS = {OWNER: "Its owner", STEWARD: "Its steward"}


def told(signed: Sequence[SignOff], now_ms: int) -> Markup:
    """Return who has signed, part by part."""
    by_part = {one.part: one for one in signed}
    return tag("p.entry", "; ".join(_part(part, by_part.get(part), now_ms) for part in PARTS))


def _part(part: str, one: SignOff | None, now_ms: int) -> str:
    if one is None:
        return f"{AS[part]} has not signed"
    said = f" ({one.note})" if one.note else ""
    at = words.moment(one.created_ms, now_ms)
    return f"{AS[part]}, {one.signed_by}, has signed at {at}{said}"


def buttons(value: Value, signed: Sequence[SignOff]) -> Markup:
    """Return the button to sign; nothing where there is nothing to sign any more."""
    if value.value is None or len(signed) == len(PARTS):
        return Markup("")
    about = f"{value.indicator} in {value.period}"
    return tag("div.entry.acts", button(DEED, "Sign it…", value.lineage, None, about))


def questions(signed: Sequence[SignOff]) -> Markup:
    """Return the dialog of the button."""
    done = {one.part for one in signed}
    parts: dict[str, str] = {part: AS[part] for part in PARTS if part not in done}
    return question(
        DEED,
        "This value is true",
        "Sign",
        select("signs_as", "You sign as", parts),
        lines("remark", "What there is to say", is_needed=False),
    )


def done(
    register: Register,
    writer: Writer,
    who: str,
    one: str,
    query: Mapping[str, str],
    wanted: Asked,
) -> str:
    """Sign the value that was on the screen; returns the sentence for success.

    Raises:
        RefusedError: it has changed since, or who signs may not.
    """
    (asked,) = given(query, ("period",), {})
    definition, period = asked_definition(one), asked_period(register, asked)
    value = desk.value(
        writer.connection, definition, period, facts(register), register.now_ms()
    )
    part = wanted.said.get("signs_as", "")
    sign(writer, value, wanted.record, part, who, wanted.said.get("remark", "").strip() or None)
    return f"Signed as {AS[part].lower()}. The next evidence pack has it."
