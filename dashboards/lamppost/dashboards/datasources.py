"""The data sources as Grafana has them, in files and over the API."""

from typing import Any

from lamppost.dashboards.site import Site
from lamppost.dashboards.sources import SOURCES, TYPE

STEP = "60s"
MAX_SERIES = 1_000


def data_sources(site: Site, secret: str) -> list[dict[str, Any]]:
    """Return the data sources, a database each.

    Both places of the database's name are filled: Grafana 9.3 reads the first, newer ones the
    second.

    Args:
        site: where.
        secret: the token, or the user's password, that may only read. Any viewer can send any
            query through a data source, so it must never be the writer's.
    """
    return [
        {
            "name": source.name,
            "uid": source.uid,
            "type": TYPE,
            "access": "proxy",
            "url": site.influx_url,
            "database": source.database.named(site.city),
            "isDefault": False,
            "jsonData": {
                "dbName": source.database.named(site.city),
                "version": "InfluxQL",
                # Not POST: with that, Grafana 9.3's proxy now and then loses an answer and
                # gives a panel an empty body ("Unexpected end of JSON input").
                "httpMode": "GET",
                "timeInterval": STEP,
                "maxSeries": MAX_SERIES,
                **({} if site.user else {"httpHeaderName1": "Authorization"}),
            },
            **_access(site, secret),
        }
        for source in SOURCES
    ]


def _access(site: Site, secret: str) -> dict[str, Any]:
    if site.user:
        return {"user": site.user, "secureJsonData": {"password": secret}}
    return {"secureJsonData": {"httpHeaderValue1": f"Token {secret}"}}
