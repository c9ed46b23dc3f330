"""Users, their sessions, who was turned away, and the districts of a token."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.add_column("token", sa.Column("districts", sa.JSON))
    op.create_table(
        "account",
        *_kept("account"),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("districts", sa.JSON),
        sa.Column("subject", sa.Text),
        sa.Column("password", sa.Text),
        sa.Column("password_mark", sa.Text),
    )
    op.create_index("ix_account_subject", "account", ["subject"])
    op.create_table(
        "session",
        *_kept("session"),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("expires_ms", sa.BigInteger, nullable=False),
        sa.Column("seen_ms", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_session_account"),
    )
    for column in ("account", "digest"):
        op.create_index(f"ix_session_{column}", "session", [column])
    op.create_table(
        "refusal",
        *_kept("refusal"),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )


def _kept(name: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("updated_ms", sa.BigInteger, nullable=False),
        sa.Column("valid_from_ms", sa.BigInteger, nullable=False),
        sa.Column("valid_to_ms", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
    ]
