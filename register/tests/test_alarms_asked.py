"""Lists of alarms: whichever index a filter is led to, the answer is that of looking at all."""

from itertools import combinations, product
from random import Random
from typing import Any

from sqlalchemy import insert

from lamppost.register.alarms.reading import FILTERS, AlarmsWanted, page
from lamppost.register.alarms.tables import alarm
from lamppost.register.alarms.values import NORMAL
from lamppost.register.records.store import Register

from .registers import T0

ASKED: dict[str, tuple[Any, ...]] = {
    "state": (NORMAL, "unacknowledged"),
    "class": ("sensor_fault",),
    "kind": ("drift",),
    "source": ("riverside/a",),
    "district": ("Harbour",),
    "priority": (2,),
    "verdict": ("true",),
    "open": (True, False),
}


def some(number: int) -> list[dict[str, Any]]:
    """Return alarms of all sorts; an alarm has ended when its state is normal."""
    chance = Random(5)
    empty = {column.name: None for column in alarm.columns}
    rows: list[dict[str, Any]] = []
    for n in range(number):
        state = chance.choice((NORMAL, "unacknowledged", "shelved"))
        ended_ms = T0 + n if state == NORMAL else None
        rows.append(
            {
                **empty, "id": f"a-{n}", "created_ms": T0, "updated_ms": T0, "version": 1,
                "valid_from_ms": T0 + n // 2, "valid_to_ms": ended_ms,
                "source": chance.choice(("riverside/a", "riverside/b")), "state": state,
                "district": chance.choice(("Harbour", "Mill Hill", None)),
                "alarm_class": chance.choice(("sensor_fault", "process_anomaly")),
                "kind": chance.choice(("drift", "stuck")), "active": state != NORMAL,
                "acked": False, "verdict": chance.choice(("true", "false", None)),
                "escalation": 0, "severity": 0.5, "confidence": 0.5, "score": 0.1,
                "priority": chance.randrange(1, 4), "reason": "it is so", "channels": [],
            }
        )  # fmt: skip
    return rows


def test_whatever_is_asked_together_the_answer_is_that_of_looking_at_all(
    register: Register,
) -> None:
    """Each two filters and each three: the same alarms, in the same order."""
    rows = some(200)
    with register.database.writing() as connection:
        connection.execute(insert(alarm), rows)
    newest = sorted(rows, key=lambda row: (row["valid_from_ms"], row["id"]), reverse=True)
    with register.database.reading() as connection:
        for names in (*combinations(ASKED, 2), *combinations(ASKED, 3)):
            for values in product(*(ASKED[name] for name in names)):
                named = dict(zip(names, values, strict=True))
                is_open = named.pop("open", None)
                found = page(connection, AlarmsWanted(named, is_open, limit=200))
                expected = [
                    row["id"]
                    for row in newest
                    if all(row[FILTERS[name]] == value for name, value in named.items())
                    and (is_open is None or is_open == (row["valid_to_ms"] is None))
                ]
                assert [one.id for one in found.items] == expected, (named, is_open)
                assert found.total == len(expected)
