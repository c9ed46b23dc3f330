"""Changing a record that has versions: on which one it was decided, and what it comes to."""

from typing import Any

from lamppost.register.records.links import RefusedError
from lamppost.register.records.writing import Row, Writer

NAME_CHARS_MAX = 100
TEXT_CHARS_MAX = 2_000


class UnknownError(RefusedError):
    """There is no such record."""


class ConflictError(RefusedError):
    """Somebody else was faster, or the deed has no meaning now."""


def text(name: str, value: str, chars_max: int = TEXT_CHARS_MAX) -> str:
    """Return a text that may be kept; lines may be broken.

    Raises:
        RefusedError: it is empty, too long, or holds control characters.
    """
    whole = value.strip()
    printable = all(part.isprintable() for part in whole.splitlines())
    if not 0 < len(whole) <= chars_max or not printable:
        allowed = f"1 to {chars_max} printable characters"
        raise RefusedError(f"{name}: came {value[:60]!r}, allowed: {allowed}")
    return whole


def check_version(row: Row, version: int | None, state: str) -> None:
    """Refuse a change that was decided on an older version.

    Raises:
        ConflictError: the record has changed since.
    """
    if version is not None and version != row["version"]:
        raise ConflictError(
            f"version: came {version}, allowed: {row['version']}; it has changed meanwhile "
            f"and is now {state}"
        )


def change(writer: Writer, kind: str, row: Row, facts: dict[str, Any], what: str) -> bool:
    """Change what differs and count the version up; returns False when nothing differs."""
    differing = {name: value for name, value in facts.items() if row[name] != value}
    if not differing:
        return False
    return writer.change(kind, row, differing | {"version": row["version"] + 1}, what)


def known(writer: Writer, kind: str, one: str) -> Row:
    """Return a record that must be there.

    Raises:
        UnknownError: it is not.
    """
    row = writer.load(kind, [one]).get(one)
    if row is None:
        raise UnknownError(
            f"{kind}: came {one[:80]!r}, allowed: the id of one that is known here"
        )
    return row
