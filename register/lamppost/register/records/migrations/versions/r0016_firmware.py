"""Since when a node runs the version that it tells."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("node", sa.Column("version_since_ms", sa.BigInteger))
