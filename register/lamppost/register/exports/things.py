"""SensorThings as one document: every entity set but the observations."""

import json
from collections.abc import Iterator

from sqlalchemy import select

from lamppost.register.exports.records import Records
from lamppost.register.sensorthings.model import SETS
from lamppost.register.sensorthings.paths import address


def things(records: Records) -> Iterator[str]:
    """Yield an object with an array for each entity set, an entity a line."""
    yield "{"
    mark = ""
    for entity in SETS.values():
        if entity.source is None:
            continue
        yield f'{mark}\n"{entity.name}": ['
        inner = "\n"
        rows = records.connection.execute(select(entity.source).order_by(entity.source.c.id))
        for row in rows.mappings():
            ways = {
                f"{name}@iot.navigationLink": f"{address('', way.target, str(row[way.mine]))}"
                for name, way in entity.ways.items()
                if not way.many
            }
            body = {"@iot.id": row["id"]} | entity.body(row) | ways
            yield inner + json.dumps(body, ensure_ascii=False)
            inner = ",\n"
        yield "\n]"
        mark = ","
    yield "\n}\n"
