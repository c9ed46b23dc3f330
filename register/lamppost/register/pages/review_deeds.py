"""What a steward does on the page of reviews."""

from sqlalchemy import select

from lamppost.register.pages.deeds import Asked
from lamppost.register.records.deciding import UnknownError
from lamppost.register.records.links import RefusedError
from lamppost.register.records.writing import Writer
from lamppost.register.resources import deciding
from lamppost.register.resources.tables import resource
from lamppost.register.resources.values import BORN

OWNED = ("owner", "steward")


def done(writer: Writer, who: str, wanted: Asked) -> str:
    """Do what was asked for; returns the sentence for success.

    Raises:
        RefusedError: it cannot be done.
    """
    kind, _, one = wanted.record.partition(":")
    if wanted.deed == "own":
        return _owned(writer, kind, one, wanted)
    entry = _entry(writer, kind, one)
    if entry is None or wanted.version is None:
        allowed = "an entry that is on the page"
        raise UnknownError(f"record: came {wanted.record[:80]!r}, allowed: {allowed}")
    if wanted.deed == "attest":
        due = wanted.said.get("due", "")
        deciding.attest(writer, entry, who, wanted.version, due or None)
        return f"Attested; to be looked at again on {due}." if due else "Attested."
    if wanted.deed == "postpone":
        due = wanted.said.get("due", "")
        deciding.postpone(writer, entry, wanted.version, due, wanted.said.get("reason", ""))
        return f"Put off until {due}."
    raise RefusedError(f"deed: came {wanted.deed[:40]!r}, allowed: the buttons of this page")


def _owned(writer: Writer, kind: str, one: str, wanted: Asked) -> str:
    facts = {name: wanted.said.get(name, "") for name in OWNED}
    entry = _entry(writer, kind, one)
    if entry is None:
        deciding.enter_about(writer, kind, one, facts)
    else:
        deciding.amend(writer, entry, facts, wanted.version)
    return f"{facts['owner'].strip()} answers for it, {facts['steward'].strip()} keeps it true."


def _entry(writer: Writer, kind: str, one: str) -> str | None:
    """Return the id of the resource that a thing of the map has, or None."""
    if kind not in BORN:
        return one
    there = (resource.c.about == one) & (resource.c.kind == kind)
    query = select(resource.c.id).where(there, resource.c.valid_to_ms.is_(None))
    return writer.connection.execute(query).scalars().first()
