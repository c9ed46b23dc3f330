"""Hands incidents over to the register, which makes alarms of them."""

from collections.abc import Callable

from lamppost.aggregator.alarms.incident import Incident
from lamppost.aggregator.view.board import incident_view
from lamppost.register.alarms.keeper import Keeper


def both(tell: Callable[[Incident], None], keeper: Keeper) -> Callable[[Incident], None]:
    """Return what tells an incident to a person and to the register."""

    def told(incident: Incident) -> None:
        tell(incident)
        keeper.observe(incident_view(incident))

    return told
