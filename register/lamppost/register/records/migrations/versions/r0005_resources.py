"""Data resources and what flows between them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _resources()
    _flows()


def _kept(name: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("updated_ms", sa.BigInteger, nullable=False),
        sa.Column("valid_from_ms", sa.BigInteger, nullable=False),
        sa.Column("valid_to_ms", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
    ]


def _resources() -> None:
    op.create_table(
        "resource",
        *_kept("resource"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("about", sa.Text),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("owner", sa.Text),
        sa.Column("steward", sa.Text),
        sa.Column("contact", sa.Text),
        sa.Column("licence", sa.Text),
        sa.Column("access", sa.Text, nullable=False),
        sa.Column("personal_data", sa.Boolean),
        sa.Column("purpose", sa.Text),
        sa.Column("legal_basis", sa.Text),
        sa.Column("retention_days", sa.Integer),
        sa.Column("recipients", sa.JSON, nullable=False),
        sa.Column("support_end_on", sa.Text),
        sa.Column("cost_year", sa.Double),
        sa.Column("currency", sa.Text),
        sa.Column("contract_end_on", sa.Text),
        sa.Column("endpoint_url", sa.Text),
        sa.Column("media_type", sa.Text),
        sa.Column("conforms_to", sa.Text),
        sa.Column("keywords", sa.JSON, nullable=False),
        sa.Column("provenance", sa.Text),
        sa.Column("gathers_class", sa.Text),
        sa.Column("gathers_group", sa.Text),
        sa.Column("review_due_on", sa.Text),
        sa.Column("attested_ms", sa.BigInteger),
        sa.Column("attested_by", sa.Text),
    )
    for column in ("kind", "about", "owner", "steward", "review_due_on"):
        op.create_index(f"ix_resource_{column}", "resource", [column])


def _flows() -> None:
    op.create_table(
        "flow",
        *_kept("flow"),
        sa.Column("source_kind", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("target_kind", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("asserted_by", sa.Text, nullable=False),
    )
    for end in ("source", "target"):
        op.create_index(f"ix_flow_{end}", "flow", [f"{end}_kind", end])
