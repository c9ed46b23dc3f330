"""Districts as boundaries: what somebody who is for some districts reads and changes.

Reading: for one transaction, a temporary view hides each table behind the part of it that lies
inside. SQLite and PostgreSQL both look for temporary names first, so every query there is, and
every one that will be written, is narrowed in SQL, and nobody can forget to. The views go with
the transaction.

Writing: a record that lies outside is not there, and a change of anything that does not lie
inside is refused as a whole. A channel lies where the assets lie that it tells of: inside when
all of them do, in no district while it tells of none.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, text

from lamppost.register.records.refusals import OutsideError

OWN = ("asset", "alarm", "work_order")
"""Records that say their district themselves."""

NARROWED = frozenset({*OWN, "link", "commissioning", "target"})
"""Records of which those outside are not there for who changes something."""

_HERE = "SELECT district FROM lamppost_within"
_ASSETS, _CHANNELS = "SELECT id FROM asset", "SELECT id FROM channel"

_DISTRICT = f"scope = 'district' AND subject IN ({_HERE})"
_ASSET = f"scope = 'asset' AND subject IN ({_ASSETS})"

VIEWS: tuple[tuple[str, str], ...] = (
    *((name, f"district IN ({_HERE})") for name in OWN),
    *((name, f"asset IN ({_ASSETS})") for name in ("link", "commissioning")),
    ("asset_condition", f"asset IN ({_ASSETS})"),
    ("forecast", f"asset IN ({_ASSETS})"),
    ("channel", "id IN (SELECT channel FROM link WHERE valid_to_ms IS NULL)"),
    ("device", "id IN (SELECT device FROM channel)"),
    ("node", "id IN (SELECT node FROM device)"),
    ("stream", f"channel IN ({_CHANNELS})"),
    ("channel_day", f"channel IN ({_CHANNELS})"),
    *((name, "node IN (SELECT id FROM node)") for name in ("node_day", "node_grade")),
    ("target", f"{_DISTRICT} OR {_ASSET}"),
    *((name, "1 = 0") for name in ("account", "session", "refusal", "token", "audit")),
    *((name, "1 = 0") for name in ("indicator_value", "evidence_pack", "indicator_signoff")),
)
"""Table, and what of it lies inside; later ones read what earlier ones leave."""

Row = Any
"""Any mapping of the columns."""


class Boundary:
    """Some districts of the city.

    Args:
        districts: Their names.
    """

    def __init__(self, districts: Iterable[str]) -> None:
        self.districts = frozenset(districts)

    def narrow(self, connection: Connection) -> None:
        """Hide what lies outside, until the transaction ends."""
        connection.execute(text("CREATE TEMPORARY TABLE lamppost_within (district TEXT)"))
        entered = text("INSERT INTO lamppost_within VALUES (:district)")
        connection.execute(entered, [{"district": one} for one in sorted(self.districts)])
        schema = "main." if connection.dialect.name == "sqlite" else ""
        for name, inside in VIEWS:
            kept = f"SELECT * FROM {schema}{name} WHERE {inside}"  # noqa: S608 - all from VIEWS
            connection.exec_driver_sql(f"CREATE TEMPORARY VIEW {name} AS {kept}")

    def holds(self, connection: Connection, kind: str, row: Row) -> bool:
        """Return True when a record lies inside."""
        if kind in OWN:
            return row["district"] in self.districts
        if kind in ("link", "commissioning"):
            return self._holds_asset(connection, row["asset"])
        if kind == "target" and row["scope"] == "district":
            return row["subject"] in self.districts
        if kind == "target" and row["scope"] == "asset":
            return self._holds_asset(connection, row["subject"])
        if kind == "channel":
            places = _places(connection, row["id"])
            return bool(places) and places <= self.districts
        return False

    def check(self, connection: Connection, kind: str, row: Row) -> None:
        """Refuse a change that reaches outside.

        Raises:
            OutsideError: the record does not lie inside.
        """
        if not self.holds(connection, kind, row):
            raise self._outside(f"{kind}: came one that does not lie in your districts")

    def check_free(self, connection: Connection, channel: str) -> None:
        """Refuse to bind a channel that tells of an asset outside already.

        Raises:
            OutsideError: it does.
        """
        if not _places(connection, channel) <= self.districts:
            raise self._outside(f"channel: came {channel!r}, which tells of an asset elsewhere")

    def _outside(self, told: str) -> OutsideError:
        return OutsideError(f"{told}, allowed: {', '.join(sorted(self.districts))}")

    def _holds_asset(self, connection: Connection, one: str) -> bool:
        district = text("SELECT district FROM asset WHERE id = :one")
        return connection.execute(district, {"one": one}).scalar() in self.districts


def _places(connection: Connection, channel: str) -> set[str | None]:
    """The districts of the assets that a channel tells of."""
    told = text(
        "SELECT DISTINCT asset.district FROM link JOIN asset ON asset.id = link.asset "
        "WHERE link.channel = :one AND link.valid_to_ms IS NULL"
    )
    return set(connection.execute(told, {"one": channel}).scalars())
