"""Who has signed the value of an indicator."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "indicator_signoff",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("updated_ms", sa.BigInteger, nullable=False),
        sa.Column("valid_from_ms", sa.BigInteger, nullable=False),
        sa.Column("valid_to_ms", sa.BigInteger),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("indicator", "period", "lineage", "part", "signed_by")
        ),
        sa.Column("note", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_indicator_signoff"),
    )
    op.create_index("ix_indicator_signoff_indicator", "indicator_signoff", ["indicator"])
