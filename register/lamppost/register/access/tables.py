"""The table of API tokens. A token's secret is nowhere in it, only its SHA-256."""

from sqlalchemy import BigInteger, Column, Table, Text

from lamppost.register.records.base import kept, metadata

token = Table(
    "token",
    metadata,
    *kept(),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("digest", Text, nullable=False, index=True),
    Column("expires_ms", BigInteger, nullable=False),
)
