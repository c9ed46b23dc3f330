"""The asset that a channel's birth names, and who has ended a link."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("channel", sa.Column("declared_asset", sa.Text))
    op.create_index("ix_channel_declared_asset", "channel", ["declared_asset"])
    op.add_column("link", sa.Column("ended_by", sa.Text))
