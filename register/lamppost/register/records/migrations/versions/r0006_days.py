"""Days of channels with their quality, in place of days of load; how good a channel may be."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NUMBERS = (
    *("mean", "low", "peak", "p95", "p99", "total", "rise", "integral_h", "first", "last"),
    *("score", "completeness", "validity", "timeliness", "consistency", "uniqueness"),
    "accuracy",
)


def upgrade() -> None:
    """Make the tables, bring the days of load over."""
    op.add_column("channel", sa.Column("accuracy", sa.Double))
    op.add_column("channel", sa.Column("uncertainty_class", sa.Text))
    op.create_index("ix_channel_uncertainty_class", "channel", ["uncertainty_class"])
    _days()
    _books()
    _bring_over()
    op.drop_table("load_day")


def _days() -> None:
    counts = ("expected", "minutes", "flagged", "late", "gaps", "falls")
    op.create_table(
        "channel_day",
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("day_ms", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("provenance", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in counts),
        sa.Column("flags", sa.JSON, nullable=False),
        *(sa.Column(name, sa.Double) for name in NUMBERS),
        sa.Column("node_stored", sa.BigInteger),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("channel", "day_ms", "provenance", name="pk_channel_day"),
        sa.ForeignKeyConstraint(["channel"], ["channel.id"], name="fk_channel_day_channel"),
    )
    op.create_index("ix_channel_day_day_ms_score", "channel_day", ["day_ms", "score"])
    op.create_index("ix_channel_day_made_ms", "channel_day", ["made_ms"])


def _books() -> None:
    counts = ("taken", "stored", "evicted", "in_flight", "lost", "duplicates")
    op.create_table(
        "node_day",
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("day_ms", sa.BigInteger, nullable=False, autoincrement=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in counts),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.Column("made_of", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("node", "day_ms", name="pk_node_day"),
    )
    op.create_index("ix_node_day_day_ms", "node_day", ["day_ms"])


def _bring_over() -> None:
    """What was kept of a made-up asset is made up; only its numbers were kept, no grade."""
    # PostgreSQL cannot tell two values of JSON apart, so it is not asked for DISTINCT ones.
    demo = sa.text(
        "SELECT l.channel, a.external_ids FROM link l JOIN asset a ON a.id = l.asset"
    )
    made_up = set()
    for one, ids in op.get_bind().execute(demo):
        told = json.loads(ids) if isinstance(ids, str) else ids
        if "demo" in (told or {}):
            made_up.add(one)
    op.execute(
        "INSERT INTO channel_day (channel, day_ms, provenance, unit, expected, minutes,"
        " flagged, late, gaps, falls, flags, mean, peak, p95, p99, rise, revision, made_ms)"
        " SELECT channel, day_ms, 'measured', unit, 1440, minutes, flagged, 0, 0, 0, '{}',"
        " mean, peak, p95, p99, rise, 0, day_ms + 86400000 FROM load_day"
    )
    said = sa.text("UPDATE channel_day SET provenance = 'synthetic' WHERE channel = :channel")
    for one in sorted(made_up):
        op.get_bind().execute(said, {"channel": one})
