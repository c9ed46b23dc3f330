"""API tokens: given once, kept as a hash, ended by time or by hand.

A secret is 256 random bits, so a plain SHA-256 keeps it; slow hashes are for passwords.
"""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, select

from lamppost.register.access.accounts import Districts, checked_districts, named
from lamppost.register.access.rules import ROLES, TOKEN_DAYS_MAX, Role
from lamppost.register.access.tables import token
from lamppost.register.records.deciding import known
from lamppost.register.records.links import RefusedError
from lamppost.register.records.writing import Writer

MARK = "lpt_"
SECRET_BYTES = 32
SECRET_CHARS_MAX = 100
SHOWN_CHARS = 12
"""The id: enough of the secret to know a token by, too little to guess the rest."""

DAY_MS = 86_400_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token.

    Attributes:
        id: The first characters of its secret.
        name: What it is for; deeds are entered under it.
        role: What it may do.
        expires_ms: When it ends by itself, UTC milliseconds.
        revoked_ms: When it was revoked; None when it was not.
        districts: Where it may do that; None is the whole city.
    """

    id: str
    name: str
    role: Role
    expires_ms: int
    revoked_ms: int | None
    districts: Districts = None

    def holds(self, now_ms: int) -> bool:
        """Return True while it opens anything."""
        return self.revoked_ms is None and now_ms < self.expires_ms

    @property
    def who(self) -> str:
        """The name in the audit trail."""
        return f"token {self.name}"


def issue(
    writer: Writer, name: str, role: str, days: int, districts: Iterable[str] | None = None
) -> str:
    """Make a token; returns its secret, which cannot be had again.

    Raises:
        RefusedError: name, role, days or districts are none.
    """
    if not _NAME.fullmatch(name):
        allowed = "1 to 64 of A-Z a-z 0-9 . _ -, a letter or digit first"
        raise RefusedError(f"name: came {name[:60]!r}, allowed: {allowed}")
    if role not in ROLES:
        raise RefusedError(f"role: came {role[:60]!r}, allowed: {', '.join(ROLES)}")
    if not 1 <= days <= TOKEN_DAYS_MAX:
        raise RefusedError(f"days: came {days}, allowed: 1 to {TOKEN_DAYS_MAX}")
    secret = MARK + secrets.token_urlsafe(SECRET_BYTES)
    facts = {
        "name": name,
        "role": role,
        "digest": digest(secret),
        "expires_ms": writer.now_ms + days * DAY_MS,
        "districts": checked_districts(districts),
    }
    writer.create("token", secret[:SHOWN_CHARS], facts, writer.now_ms)
    return secret


def revoke(writer: Writer, one: str) -> bool:
    """End a token now; returns False when it was revoked already.

    Raises:
        UnknownError: there is no such token.
    """
    return writer.close("token", known(writer, "token", one), writer.now_ms)


def find(connection: Connection, secret: str) -> Token | None:
    """Return the token of a secret, whether it still holds or not; None when there is none."""
    if not secret.startswith(MARK) or len(secret) > SECRET_CHARS_MAX:
        return None
    found = _read(connection, token.c.digest == digest(secret))
    return found[0] if found else None


def every(connection: Connection) -> list[Token]:
    """Return all tokens, the oldest first."""
    return _read(connection, token.c.id.is_not(None))


def digest(secret: str) -> str:
    """Return what is kept of a secret."""
    return sha256(secret.encode(errors="replace")).hexdigest()


def _read(connection: Connection, where: object) -> list[Token]:
    columns = (token.c.id, token.c.name, token.c.role, token.c.expires_ms)
    query = select(*columns, token.c.valid_to_ms, token.c.districts)
    ordered = query.where(where).order_by(token.c.created_ms, token.c.id)  # type: ignore[arg-type]
    rows = connection.execute(ordered)
    return [Token(*row[:-1], named(row.districts)) for row in rows]
