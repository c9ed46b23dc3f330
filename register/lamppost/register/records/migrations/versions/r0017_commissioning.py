"""Who has handed over which device at which asset, and what was checked."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLE = "commissioning"
NOT_CHANGED = "what was commissioned is not changed"


def upgrade() -> None:
    """Make the table, which refuses changes, and the column of links."""
    op.create_table(
        TABLE,
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("updated_ms", sa.BigInteger, nullable=False),
        sa.Column("valid_from_ms", sa.BigInteger, nullable=False),
        sa.Column("valid_to_ms", sa.BigInteger),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("asset", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("commissioned_by", sa.Text, nullable=False),
        sa.Column("channels", sa.JSON, nullable=False),
        sa.Column("checks", sa.JSON, nullable=False),
        sa.Column("heard_ms", sa.BigInteger, nullable=False),
        sa.Column("without_data", sa.Text),
        sa.Column("remarks", sa.Text),
        sa.PrimaryKeyConstraint("id", name=f"pk_{TABLE}"),
        sa.ForeignKeyConstraint(["asset"], ["asset.id"], name=f"fk_{TABLE}_asset"),
    )
    for column in ("device", "asset"):
        op.create_index(f"ix_{TABLE}_{column}", TABLE, [column])
    op.add_column("link", sa.Column("commissioning", sa.Text))
    _seal()


def _seal() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for deed in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {TABLE}_no_{deed.lower()} BEFORE {deed} ON {TABLE}"
                f" BEGIN SELECT RAISE(ABORT, '{NOT_CHANGED}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{NOT_CHANGED}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {TABLE}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_refuse()"
    )
