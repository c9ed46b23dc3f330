"""The first records: assets, nodes, devices, channels, streams, links, and their trail.

The tables are spelled out here and never taken from `tables`, which goes on changing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NOT_CHANGED = "the audit trail is append-only"


def upgrade() -> None:
    """Make the tables."""
    _asset()
    _field()
    _link()
    _audit()
    _seal_audit()


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


def _indexes(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(f"ix_{table}_{column}", table, [column])


def _asset() -> None:
    op.create_table(
        "asset",
        *_kept("asset"),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("asset_class", sa.Text, nullable=False),
        sa.Column("parent", sa.Text),
        sa.Column("geometry", sa.JSON),
        sa.Column("owner", sa.Text),
        sa.Column("operator", sa.Text),
        sa.Column("district", sa.Text),
        sa.Column("criticality", sa.Integer),
        sa.Column("capacity", sa.Double),
        sa.Column("capacity_unit", sa.Text),
        sa.Column("capacity_basis", sa.Text),
        sa.Column("installed_on", sa.Text),
        sa.Column("design_life_years", sa.Double),
        sa.Column("external_ids", sa.JSON, nullable=False),
        _refers("asset", "parent", "asset"),
    )
    _indexes("asset", "asset_class", "parent", "owner", "district")


def _field() -> None:
    op.create_table(
        "node",
        *_kept("node"),
        sa.Column("group", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("acks", sa.Boolean, nullable=False),
        sa.Column("last_birth_ms", sa.BigInteger, nullable=False),
    )
    _indexes("node", "group")
    op.create_table(
        "device",
        *_kept("device"),
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("last_birth_ms", sa.BigInteger, nullable=False),
        _refers("device", "node", "node"),
    )
    _indexes("device", "node")
    op.create_table(
        "channel",
        *_kept("channel"),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("metric", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("unit_ok", sa.Boolean, nullable=False),
        sa.Column("low", sa.Double),
        sa.Column("high", sa.Double),
        sa.Column("datatype", sa.Text, nullable=False),
        sa.Column("channel_class", sa.Text, nullable=False),
        sa.Column("heartbeat_ms", sa.BigInteger),
        sa.Column("calibrated_ms", sa.BigInteger),
        sa.Column("calibration_due_ms", sa.BigInteger),
        sa.Column("certificate", sa.Text),
        _refers("channel", "device", "device"),
    )
    _indexes("channel", "device", "channel_class")


def _link() -> None:
    op.create_table(
        "stream",
        *_kept("stream"),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("datatype", sa.Text, nullable=False),
        _refers("stream", "channel", "channel"),
    )
    _indexes("stream", "channel")
    op.create_table(
        "link",
        *_kept("link"),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("asset", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("asserted_by", sa.Text, nullable=False),
        _refers("link", "channel", "channel"),
        _refers("link", "asset", "asset"),
    )
    _indexes("link", "channel", "asset")


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("time_ms", sa.BigInteger, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
    )
    op.create_index("ix_audit_kind_record", "audit", ["kind", "record"])


def _seal_audit() -> None:
    """Make the database itself refuse; whoever gets around that is found by the hashes."""
    if op.get_bind().dialect.name == "sqlite":
        for deed in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{deed.lower()} BEFORE {deed} ON audit"
                f" BEGIN SELECT RAISE(ABORT, '{NOT_CHANGED}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{NOT_CHANGED}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
    )
