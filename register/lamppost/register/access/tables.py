"""The tables of access: API tokens, users, their sessions, and who was turned away.

No secret is in them: of a token and a session they keep a SHA-256, of a password an argon2
hash, which stays out of the audit trail; the trail keeps only a mark of it.
"""

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Integer, Table, Text

from lamppost.register.records.base import ADDED, kept, metadata

OUTSIDE_TRAIL = {"observed": True}

token = Table(
    "token",
    metadata,
    *kept(),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("digest", Text, nullable=False, index=True),
    Column("expires_ms", BigInteger, nullable=False),
    Column("districts", JSON(none_as_null=True), info=ADDED),
)

account = Table(
    "account",
    metadata,
    *kept(),
    Column("role", Text, nullable=False),
    Column("districts", JSON(none_as_null=True)),
    Column("subject", Text, index=True),
    Column("password", Text, info=OUTSIDE_TRAIL),
    Column("password_mark", Text),
)

session = Table(
    "session",
    metadata,
    *kept(),
    Column("account", Text, ForeignKey("account.id"), nullable=False, index=True),
    Column("digest", Text, nullable=False, index=True),
    Column("address", Text, nullable=False),
    Column("way", Text, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False, info=OUTSIDE_TRAIL),
)

refusal = Table(
    "refusal",
    metadata,
    *kept(),
    Column("count", Integer, nullable=False),
    Column("address", Text, nullable=False),
    Column("reason", Text, nullable=False),
)
