"""Lists of alarms and of the trail that are found fast, whatever is asked of them."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NEWEST = ["valid_from_ms", "id"]
COUNTED = ["state", "priority"]


def upgrade() -> None:
    """Make the indices; those that end with a state count without reading the alarms."""
    for name in ("state", "priority", "kind", "district"):
        op.drop_index(f"ix_alarm_{name}", "alarm")
    for name, columns in (
        ("state", ["state", *NEWEST, "priority"]),
        ("priority", ["priority", *NEWEST, "state"]),
        ("class", ["alarm_class", *NEWEST, *COUNTED]),
        ("kind", ["kind", *NEWEST, *COUNTED, "alarm_class"]),
        ("asset_class", ["asset_class", *NEWEST, *COUNTED]),
        ("district", ["district", *NEWEST, *COUNTED]),
        ("district_class", ["district", "alarm_class", *NEWEST, *COUNTED]),
        ("judged", ["verdict", *NEWEST, *COUNTED]),
    ):
        op.create_index(f"ix_alarm_{name}", "alarm", columns)
    op.create_index("ix_audit_kind_seq", "audit", ["kind", "seq"])
