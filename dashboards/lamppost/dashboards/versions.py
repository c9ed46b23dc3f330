"""Versions of Grafana: which of them work, and what rules do there while a query fails."""

import re

from lamppost.dashboards.alerting.rule import KEEP_LAST, OK

Version = tuple[int, int, int]

OLDEST: Version = (9, 3, 0)
BROKEN_FROM: Version = (9, 4, 0)
BROKEN_UNTIL: Version = (9, 5, 1)
KEEPS_LAST_FROM: Version = (10, 4, 0)
ALLOWED = "9.3, and 9.5.1 or later (9.4.0 to 9.5.0 lose the database of a data source)"
_NUMBERS = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?(?:[-+~].*)?")


def version_of(told: str) -> Version:
    """Return a version as numbers: of "11.6", "9.3.2" or "10.0.0+security-01".

    Raises:
        ValueError: it is none.
    """
    found = _NUMBERS.fullmatch(told)
    if found is None:
        raise ValueError(f"{told!r} is no version")
    return int(found[1]), int(found[2]), int(found[3] or 0)


def works(version: Version) -> bool:
    """Tell whether boards and rules work there."""
    return version >= OLDEST and not BROKEN_FROM <= version < BROKEN_UNTIL


def on_error(version: Version) -> str:
    """Return what rules do while their query fails: keep their state where Grafana can.

    Where it cannot, what fires ends in an outage of the database and is told anew after it.
    """
    return KEEP_LAST if version >= KEEPS_LAST_FROM else OK
