"""Requirements and targets; days of load, forecasts and the condition of assets."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _decided()
    _observed()
    _assumed()


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


def _decided() -> None:
    op.create_table(
        "requirement",
        *_kept("requirement"),
        sa.Column("asset_class", sa.Text, nullable=False),
        sa.Column("measurand", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
    )
    op.create_index("ix_requirement_asset_class", "requirement", ["asset_class"])
    op.create_table(
        "target",
        *_kept("target"),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("resource", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("baseline", sa.Double, nullable=False),
        sa.Column("goal", sa.Double, nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
    )


def _observed() -> None:
    op.create_table(
        "load_day",
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("day_ms", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("flagged", sa.Integer, nullable=False),
        sa.Column("mean", sa.Double),
        sa.Column("p95", sa.Double),
        sa.Column("p99", sa.Double),
        sa.Column("peak", sa.Double),
        sa.Column("rise", sa.Double),
        sa.PrimaryKeyConstraint("channel", "day_ms", name="pk_load_day"),
        _refers("load_day", "channel", "channel"),
    )
    op.create_index("ix_load_day_day_ms", "load_day", ["day_ms"])


def _assumed() -> None:
    op.create_table(
        "forecast",
        sa.Column("asset", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("from_ms", sa.BigInteger, nullable=False),
        sa.Column("to_ms", sa.BigInteger, nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("limit_value", sa.Double, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("runs_out_early_ms", sa.BigInteger),
        sa.Column("runs_out_ms", sa.BigInteger),
        sa.Column("runs_out_late_ms", sa.BigInteger),
        sa.Column("back_test", sa.JSON, nullable=False),
        sa.Column("first_day_ms", sa.BigInteger, nullable=False),
        sa.Column("p10", sa.JSON, nullable=False),
        sa.Column("p50", sa.JSON, nullable=False),
        sa.Column("p90", sa.JSON, nullable=False),
        sa.Column("told", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("asset", "channel", name="pk_forecast"),
        _refers("forecast", "asset", "asset"),
    )
    op.create_index("ix_forecast_runs_out_ms", "forecast", ["runs_out_ms"])
    op.create_table(
        "asset_condition",
        sa.Column("asset", sa.Text, nullable=False),
        sa.Column("time_ms", sa.BigInteger, nullable=False),
        sa.Column("grade", sa.Integer),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("confidence", sa.Double, nullable=False),
        sa.Column("measured_ms", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("asset", name="pk_asset_condition"),
        _refers("asset_condition", "asset", "asset"),
    )
    op.create_index("ix_asset_condition_grade", "asset_condition", ["grade"])
