"""Cities for boards on a real InfluxDB: one with rows in everything, one with none."""

import os
import time
from collections import defaultdict
from urllib.parse import quote
from urllib.request import Request, urlopen

from lamppost.bench.boards_city import City, assets_of
from lamppost.bench.boards_rows import rows
from lamppost.dashboards.influx import Influx
from lamppost.wire.series import DATABASES

SEEDED, EMPTY = "boards", "boards_empty"
MAX_LINES = 5_000
HOSTILE = """d'Arc "x", a=b c (1|2) [z]*.+?^$ / \\d {y} %41 北 <b>&amp;</b> {}"""
"""A name with what quoting, escaping, regular expressions, URLs and HTML might trip over; "{}"
in it becomes the number."""


def small_city() -> City:
    """A city of 24 assets, half of whose names are hostile."""
    kinds = ("pump", "street light")
    plain = assets_of(("north", "south"), kinds, 2, 3)
    bad = HOSTILE.replace("{y}", "y")
    hostile = assets_of((HOSTILE, "Zürich, Altstadt"), kinds, 2, 3, bad, first=len(plain))
    return City(
        assets=plain + hostile,
        metrics=("flow", "pressure"),
        now_ms=time.time_ns() // 1_000_000,
        hours=7,
        readings_every_ms=120_000,
        states_every_ms=600_000,
        abnormal=8,
    )


def write(influx: Influx, city: str, made: City) -> None:
    """Make the databases of a city, where it is a 1.x, and write its rows."""
    token = {"Authorization": f"Token {influx.token}"} if influx.token else {}
    lines: dict[str, list[str]] = defaultdict(list)
    for database, line in rows(made):
        lines[database.named(city)].append(line)
    create(influx, city)
    for name, own in lines.items():
        url = f"{influx.url}/write?db={quote(name)}&precision=ms"
        for start in range(0, len(own), MAX_LINES):
            body = "\n".join(own[start : start + MAX_LINES]).encode()
            with urlopen(Request(url, body, token), timeout=60) as answer:
                assert answer.status == 204


def create(influx: Influx, city: str) -> None:
    """Make the databases of a city; 2.x and 3 make theirs with their own tools."""
    if not influx.token:
        for database in DATABASES:
            influx.query("", f'CREATE DATABASE "{database.named(city)}"')


def named_influx() -> Influx | None:
    """The InfluxDB that the environment names, instead of Debian's."""
    url = os.environ.get("LAMPPOST_INFLUX_URL")
    return Influx(url, token=os.environ.get("LAMPPOST_INFLUX_TOKEN", "")) if url else None
