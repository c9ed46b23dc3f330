"""The channels of a class are counted in their index, without reading the channels."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index with the ids in it, in place of the one without."""
    op.drop_index("ix_channel_channel_class", "channel")
    op.create_index("ix_channel_class", "channel", ["channel_class", "id"])
