"""How fast a channel may change, as its birth declares it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("channel", sa.Column("rate_per_s", sa.Double))
