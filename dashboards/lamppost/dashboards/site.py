"""What differs from city to city: addresses, names, and who is told."""

from dataclasses import dataclass

from lamppost.dashboards.alerting.receivers import Receivers

TOKEN_VARIABLE = "LAMPPOST_INFLUX_READ_TOKEN"  # noqa: S105 - the name of a variable
PASSWORD_VARIABLE = "LAMPPOST_INFLUX_READ_PASSWORD"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Site:
    """A city's Grafana and what it reads.

    Attributes:
        city: what the databases' names begin with.
        influx_url: the database, as Grafana reaches it.
        console_url: the register's console, as a browser reaches it.
        receivers: who is told.
        user: who may read an InfluxDB 1.x with users; by token when empty.
    """

    city: str
    influx_url: str
    console_url: str
    receivers: Receivers
    user: str = ""
