"""Sessions: a random secret in a cookie, of which the register keeps the hash.

A session ends when it was idle too long, when its time is over, at sign-out, and when its user
is disabled or gets another password. Each sign-in makes a new one, so nobody can plant one.
"""

import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, select, update

from lamppost.register.access.accounts import Account, of_row
from lamppost.register.access.tables import account, session
from lamppost.register.records.writing import Writer

KIND = "session"
SECRET_BYTES = 32
SECRET_CHARS_MAX = 100
IDLE_MS = 2 * 3_600_000
WHOLE_MS = 12 * 3_600_000
"""A shift; whoever works longer signs in again."""

SEEN_EACH_MS = 60_000
"""That a session is in use is noted at most so often."""


@dataclass(frozen=True, slots=True)
class Session:
    """An open door.

    Attributes:
        id: Its name in the trail; opens nothing.
        account: Whose it is, as they are now.
        expires_ms: When it ends whatever happens.
        seen_ms: When it was last noted to be in use.
        ended_ms: When it was ended; None when it was not.
    """

    id: str
    account: Account
    expires_ms: int
    seen_ms: int
    ended_ms: int | None

    def holds(self, now_ms: int) -> bool:
        """Return True while it lets its user in."""
        is_open = self.ended_ms is None and self.account.disabled_ms is None
        return is_open and now_ms < min(self.expires_ms, self.seen_ms + IDLE_MS)


def begin(writer: Writer, name: str, address: str, way: str) -> str:
    """Begin a session of a user; returns its secret, which cannot be had again.

    Args:
        writer: Works in the user's name.
        name: The user's.
        address: Where they come from.
        way: "password" or "oidc".
    """
    secret = secrets.token_urlsafe(SECRET_BYTES)
    facts = {
        "account": name,
        "digest": digest(secret),
        "address": address[:100],
        "way": way,
        "expires_ms": writer.now_ms + WHOLE_MS,
        "seen_ms": writer.now_ms,
    }
    writer.create(KIND, f"s-{secrets.token_hex(10)}", facts, writer.now_ms)
    return secret


def find(connection: Connection, secret: str) -> Session | None:
    """Return the session of a secret, ended or not; None when there is none."""
    if not 0 < len(secret) <= SECRET_CHARS_MAX:
        return None
    owned = account.c.id == session.c.account
    columns = (session.c.id, session.c.expires_ms, session.c.seen_ms, session.c.valid_to_ms)
    query = select(*columns).where(session.c.digest == digest(secret))
    row = connection.execute(query).first()
    if row is None:
        return None
    whose = select(account).join(session, owned).where(session.c.id == row.id)
    user = of_row(connection.execute(whose).mappings().one())
    return Session(row.id, user, row.expires_ms, row.seen_ms, row.valid_to_ms)


def note_use(connection: Connection, one: str, now_ms: int) -> None:
    """Note that a session is in use; comes from nobody, so it is not in the trail."""
    connection.execute(update(session).where(session.c.id == one).values(seen_ms=now_ms))


def end(writer: Writer, one: str) -> str:
    """End a session; returns the way it began, "" when there is none."""
    row = writer.load(KIND, [one]).get(one)
    if row is None:
        return ""
    writer.close(KIND, row, writer.now_ms)
    return str(row["way"])


def digest(secret: str) -> str:
    """Return what is kept of a secret."""
    return sha256(secret.encode(errors="replace")).hexdigest()


def form_token(secret: str) -> str:
    """Return what each form of a session carries; a foreign page cannot know it."""
    key = secret.encode(errors="replace")
    return hmac.new(key, b"lamppost form", sha256).hexdigest()
