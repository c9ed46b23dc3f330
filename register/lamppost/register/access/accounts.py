"""Users: a name, a role, the districts they are for, and perhaps a password."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from lamppost.register.access import passwords
from lamppost.register.access.rules import ROLES, Role
from lamppost.register.access.tables import account, session
from lamppost.register.records.deciding import ConflictError, known
from lamppost.register.records.links import RefusedError
from lamppost.register.records.writing import Writer

KIND = "account"
DISTRICTS_MAX = 100
DISTRICT_CHARS_MAX = 200
TAKEN = frozenset({"births", "incidents", "readings", "sign-in"})
"""Names under which the platform itself stands in the trail."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")

Districts = tuple[str, ...] | None
"""The districts somebody is for; None is the whole city."""


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of a user.

    Attributes:
        id: The name, which the audit trail uses too.
        role: What they may do.
        districts: Where; None is the whole city.
        subject: Who they are to the OIDC provider ("ISSUER SUBJECT"); None for local users.
        has_password: They can sign in with one.
        disabled_ms: When they were disabled; None when they were not.
    """

    id: str
    role: Role
    districts: Districts
    subject: str | None
    has_password: bool
    disabled_ms: int | None


def add(
    writer: Writer,
    name: str,
    role: str,
    districts: Iterable[str] | None = None,
    *,
    password: str | None = None,
    subject: str | None = None,
) -> None:
    """Enter a user.

    Raises:
        RefusedError: name, role, districts or password are none; the name is taken.
    """
    if not is_name(name):
        allowed = f"1 to 64 of a-z 0-9 . _ @ -, a letter or digit first, not {sorted(TAKEN)}"
        raise RefusedError(f"name: came {name[:60]!r}, allowed: {allowed}")
    if writer.load(KIND, [name]):
        raise ConflictError(f"name: came {name!r}, allowed: one that no user has or had")
    facts: dict[str, Any] = {
        "role": _role(role),
        "districts": checked_districts(districts),
        "subject": subject,
        **_secret(name, password),
    }
    writer.create(KIND, name, facts, writer.now_ms)


def is_name(name: str) -> bool:
    """Return True for what may be a user's name."""
    return _NAME.fullmatch(name) is not None and name not in TAKEN


def set_password(writer: Writer, name: str, password: str) -> None:
    """Give a user another password, and end their sessions.

    Raises:
        RefusedError: there is no such user, or it is no password.
    """
    row = known(writer, KIND, name)
    writer.change(KIND, row, _secret(name, password), "password")
    end_sessions(writer, name)


def set_role(
    writer: Writer, name: str, role: str, districts: Iterable[str] | None = None
) -> bool:
    """Give a user another role and other districts; returns False when they have them.

    Raises:
        RefusedError: there is no such user, or no such role.
    """
    facts = {"role": _role(role), "districts": checked_districts(districts)}
    return writer.change(KIND, known(writer, KIND, name), facts)


def disable(writer: Writer, name: str) -> bool:
    """Let a user in no more, and end their sessions; returns False when it was so before.

    Raises:
        UnknownError: there is no such user.
    """
    ended = writer.close(KIND, known(writer, KIND, name), writer.now_ms)
    end_sessions(writer, name)
    return ended


def enable(writer: Writer, name: str) -> bool:
    """Let a user in again; returns False when they were not disabled.

    Raises:
        UnknownError: there is no such user.
    """
    return writer.reopen(KIND, known(writer, KIND, name))


def end_sessions(writer: Writer, name: str) -> None:
    """End all sessions of a user."""
    held = select(session).where(session.c.account == name, session.c.valid_to_ms.is_(None))
    for row in writer.take("session", held).values():
        writer.close("session", row, writer.now_ms)


def every(connection: Connection) -> list[Account]:
    """Return all users, by name."""
    rows = connection.execute(select(account).order_by(account.c.id)).mappings()
    return [of_row(row) for row in rows]


def of_row(row: Any) -> Account:  # noqa: ANN401 - any mapping of the columns
    """Return the user of a row of the table."""
    return Account(
        row["id"],
        row["role"],
        named(row["districts"]),
        row["subject"],
        row["password"] is not None,
        row["valid_to_ms"],
    )


def named(districts: Sequence[str] | None) -> Districts:
    """Return districts as the database keeps them, as a value."""
    return None if districts is None else tuple(districts)


def checked_districts(districts: Iterable[str] | None) -> list[str] | None:
    """Return districts as they are kept.

    Raises:
        RefusedError: they are none, or too many.
    """
    if districts is None:
        return None
    told = sorted(set(districts))
    bad = [one for one in told if not _is_district(one)]
    if bad or not 0 < len(told) <= DISTRICTS_MAX:
        came = repr(bad[0][:60]) if bad else f"{len(told)} of them"
        allowed = f"1 to {DISTRICTS_MAX} names of up to {DISTRICT_CHARS_MAX} characters"
        raise RefusedError(f"district: came {came}, allowed: {allowed}")
    return told


def _is_district(one: str) -> bool:
    return one.isprintable() and one == one.strip() and 0 < len(one) <= DISTRICT_CHARS_MAX


def _role(role: str) -> str:
    if role not in ROLES:
        raise RefusedError(f"role: came {role[:60]!r}, allowed: {', '.join(ROLES)}")
    return role


def _secret(name: str, password: str | None) -> dict[str, str | None]:
    if password is None:
        return {"password": None, "password_mark": None}
    kept = passwords.hashed(passwords.checked(name, password))
    return {"password": kept, "password_mark": passwords.mark(kept)}
