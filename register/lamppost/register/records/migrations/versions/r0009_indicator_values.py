"""Values of indicators and packs of them; grades of nodes; lists that are found fast."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_index("ix_channel_calibration_due_ms", "channel", ["calibration_due_ms"])
    op.drop_index("ix_channel_day_day_ms_score", "channel_day")
    order = ["day_ms", "score", "channel", "provenance"]
    op.create_index("ix_channel_day_day_ms_score_channel_provenance", "channel_day", order)
    _grades()
    _values()


def _grades() -> None:
    op.create_table(
        "node_grade",
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("day_ms", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("streams", sa.Integer, nullable=False),
        sa.Column("silent", sa.Integer, nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        *(
            sa.Column(name, sa.Double)
            for name in (
                *("completeness", "validity", "timeliness", "consistency", "uniqueness"),
                "accuracy",
            )
        ),
        sa.PrimaryKeyConstraint("node", "day_ms", name="pk_node_grade"),
    )
    op.create_index("ix_node_grade_day_ms_score", "node_grade", ["day_ms", "score"])


def _values() -> None:
    op.create_table(
        "indicator_value",
        *_kept("indicator_value"),
        sa.Column("version", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("indicator", "period")),
        sa.Column("from_ms", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("status", "unit")),
        *(sa.Column(name, sa.Double) for name in ("value", "numerator", "denominator")),
        *(sa.Column(name, sa.Double, nullable=False) for name in ("coverage", "completeness")),
        sa.Column("assets", sa.Integer, nullable=False),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("quality", "reason", "formula", "lineage")
        ),
    )
    op.create_table(
        "evidence_pack",
        *_kept("evidence_pack"),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("indicator", "period", "status", "lineage", "sha256", "made_by")
        ),
        sa.Column("bytes", sa.BigInteger, nullable=False),
    )
    for table in ("indicator_value", "evidence_pack"):
        for column in ("indicator", "period"):
            op.create_index(f"ix_{table}_{column}", table, [column])
    op.create_index("ix_indicator_value_updated_ms", "indicator_value", ["updated_ms"])


def _kept(name: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("updated_ms", sa.BigInteger, nullable=False),
        sa.Column("valid_from_ms", sa.BigInteger, nullable=False),
        sa.Column("valid_to_ms", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
    ]
