"""Incidents on their way into the register."""

import io
from pathlib import Path

from lamppost.aggregator.alarms.incident import Incident
from lamppost.aggregator.view.keeping import both
from lamppost.aggregator.view.telling import Teller
from lamppost.register.alarms import reading
from lamppost.register.alarms.keeper import Keeper
from lamppost.register.alarms.reading import AlarmsWanted
from lamppost.register.records.store import Register


def test_an_incident_is_told_to_the_terminal_and_to_the_register(tmp_path: Path) -> None:
    """One line for a person, one alarm for the city."""
    incident = Incident(
        "i-1", "city", "node-1", "pump", "process_anomaly", "deviation", 1_000, 2_000, None,
        0.8, ("flow",), 1, 1, True, "flow rose to 47 L/s",
    )  # fmt: skip
    out = io.StringIO()
    register = Register("sqlite:register.db", tmp_path)
    register.migrate()
    keeper = Keeper(register)
    both(Teller(out).tell, keeper)(incident)
    keeper.enter()
    with register.database.reading() as connection:
        page = reading.page(connection, AlarmsWanted({}))
    register.close()
    assert "PROCESS ANOMALY at city/node-1/pump" in out.getvalue()
    assert [(one.id, one.source, one.state) for one in page.items] == [
        ("i-1", "city/node-1/pump", "unacknowledged")
    ]
