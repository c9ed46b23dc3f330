"""When alarms are passed on, and to whom, as people decided it."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "escalation",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("updated_ms", sa.BigInteger, nullable=False),
        sa.Column("valid_from_ms", sa.BigInteger, nullable=False),
        sa.Column("valid_to_ms", sa.BigInteger),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("after_ms", sa.BigInteger),
        sa.Column("tell", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_escalation"),
    )
