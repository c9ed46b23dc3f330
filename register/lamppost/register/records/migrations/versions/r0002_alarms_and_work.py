"""Alarms and work orders; how long an asset is and how many people it serves."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.add_column("asset", sa.Column("length_m", sa.Double))
    op.add_column("asset", sa.Column("population", sa.BigInteger))
    _alarm()
    _work_order()


def _kept(name: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("updated_ms", sa.BigInteger, nullable=False),
        sa.Column("valid_from_ms", sa.BigInteger, nullable=False),
        sa.Column("valid_to_ms", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
    ]


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"fk_{table}_{column}")


def _alarm() -> None:
    op.create_table(
        "alarm",
        *_kept("alarm"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("asset", sa.Text),
        sa.Column("asset_class", sa.Text),
        sa.Column("district", sa.Text),
        sa.Column("alarm_class", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("acked", sa.Boolean, nullable=False),
        sa.Column("hold", sa.Text),
        sa.Column("hold_until_ms", sa.BigInteger),
        sa.Column("hold_reason", sa.Text),
        sa.Column("hold_by", sa.Text),
        sa.Column("acknowledged_ms", sa.BigInteger),
        sa.Column("acknowledged_by", sa.Text),
        sa.Column("returned_ms", sa.BigInteger),
        sa.Column("assignee", sa.Text),
        sa.Column("escalation", sa.Integer, nullable=False),
        sa.Column("escalated_ms", sa.BigInteger),
        sa.Column("verdict", sa.Text),
        sa.Column("verdict_by", sa.Text),
        sa.Column("verdict_note", sa.Text),
        sa.Column("severity", sa.Double, nullable=False),
        sa.Column("criticality", sa.Integer),
        sa.Column("confidence", sa.Double, nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("channels", sa.JSON, nullable=False),
        _refers("alarm", "asset", "asset"),
    )
    newest = ["valid_from_ms", "id"]
    op.create_index("ix_alarm_newest", "alarm", newest)
    op.create_index("ix_alarm_open", "alarm", ["valid_to_ms", *newest])
    op.create_index("ix_alarm_kind", "alarm", ["alarm_class", "kind", *newest])
    op.create_index("ix_alarm_verdict", "alarm", ["verdict", "alarm_class", "kind"])
    for column in ("state", "asset", "district", "assignee", "priority", "source"):
        op.create_index(f"ix_alarm_{column}", "alarm", [column, *newest])


def _work_order() -> None:
    op.create_table(
        "work_order",
        *_kept("work_order"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("asset", sa.Text),
        sa.Column("alarm", sa.Text),
        sa.Column("district", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("severity", sa.Double, nullable=False),
        sa.Column("criticality", sa.Integer),
        sa.Column("confidence", sa.Double, nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("arithmetic", sa.Text, nullable=False),
        sa.Column("opened_by", sa.Text, nullable=False),
        sa.Column("assignee", sa.Text),
        sa.Column("due_ms", sa.BigInteger),
        sa.Column("started_ms", sa.BigInteger),
        sa.Column("done_ms", sa.BigInteger),
        sa.Column("cause", sa.Text),
        sa.Column("action", sa.Text),
        sa.Column("closure", sa.Text),
        sa.Column("verified_ms", sa.BigInteger),
        sa.Column("verification", sa.JSON),
        sa.Column("reopened", sa.Integer, nullable=False),
        _refers("work_order", "asset", "asset"),
        _refers("work_order", "alarm", "alarm"),
    )
    op.create_index("ix_work_order_alarm", "work_order", ["alarm"])
    newest = ["valid_from_ms", "id"]
    op.create_index("ix_work_order_newest", "work_order", newest)
    for column in ("state", "asset", "assignee"):
        op.create_index(f"ix_work_order_{column}", "work_order", [column, *newest])
