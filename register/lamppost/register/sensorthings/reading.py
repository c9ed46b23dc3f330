"""Following an address: from steps and options to entities as SensorThings shows them."""

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from sqlalchemy import Connection, RowMapping, func, select

from lamppost.register.live import LiveView
from lamppost.register.problems import Problem
from lamppost.register.sensorthings import observations
from lamppost.register.sensorthings.asked import AskedError, Query
from lamppost.register.sensorthings.filtering import narrowed, ordered
from lamppost.register.sensorthings.model import SETS, EntitySet, Way
from lamppost.register.sensorthings.paths import Step, address

Row = RowMapping | dict[str, Any]
ONE = Query(top=1)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a collection.

    Attributes:
        rows: The entities' rows.
        more: True when another page follows.
        total: How many there are in all, when that was asked for and can be told.
    """

    rows: tuple[Row, ...]
    more: bool
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads entities at one moment.

    Attributes:
        connection: The register's database.
        live: What the aggregator hands over; observations come from it.
        now_ms: The present, UTC.
        base: What addresses begin with, such as "http://127.0.0.1:8080".
    """

    connection: Connection
    live: LiveView
    now_ms: int
    base: str

    def collection(
        self, entity: EntitySet, query: Query, way: Way | None, origin: Row
    ) -> Found:
        """Return a page of entities: all of a set, or those at the end of a way.

        Raises:
            AskedError: the query asks for what is not there.
        """
        if entity.source is None:
            return self._observations(way, origin, query)
        source = entity.source
        chosen = narrowed(select(source), entity, source, query)
        if way is not None:
            chosen = chosen.where(source.c[way.theirs] == origin[way.mine])
        total = None
        if query.count:
            counted = select(func.count()).select_from(chosen.subquery())
            total = int(self.connection.execute(counted).scalar_one())
        paged = chosen.order_by(*ordered(entity, source, query))
        paged = paged.offset(query.skip).limit(query.top + 1)
        rows = self.connection.execute(paged).mappings().all()
        more = len(rows) > query.top > 0  # a page of nothing leads to itself
        return Found(tuple(rows[: query.top]), more, total)

    def one(self, entity: EntitySet, record: str) -> Row:
        """Return the row of an entity.

        Raises:
            Problem: there is none (404).
        """
        row: Row | None
        if entity.source is None:
            row = self._observation(record)
        else:
            chosen = select(entity.source).where(entity.source.c.id == record)
            row = self.connection.execute(chosen).mappings().first()
        if row is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"no {entity.name}({record!r})")
        return row

    def follow(self, row: Row, way: Way) -> Row:
        """Return the one entity at the end of a way."""
        return self.one(SETS[way.target], str(row[way.mine]))

    def shown(self, entity: EntitySet, row: Row, query: Query) -> dict[str, Any]:
        """Return an entity with its addresses, its properties and what is expanded."""
        here = address(self.base, entity.name, str(row["id"]))
        body = _observed(row) if entity.source is None else entity.body(row)  # type: ignore[arg-type]
        body = {"@iot.id": row["id"], "@iot.selfLink": here} | body
        body |= {f"{name}@iot.navigationLink": f"{here}/{name}" for name in entity.ways}
        if query.select is not None:
            body = _selected(entity, query.select, body)
        for name, inner in query.expand.items():
            body |= self._expanded(entity, row, name, inner, f"{here}/{name}")
        return body

    def _expanded(
        self, entity: EntitySet, row: Row, name: str, query: Query, here: str
    ) -> dict[str, Any]:
        way = entity.ways.get(name)
        if way is None:
            raise AskedError("$expand", name, f"one of {', '.join(entity.ways)}")
        target = SETS[way.target]
        if not way.many:
            return {name: self.shown(target, self.follow(row, way), query)}
        found = self.collection(target, query, way, row)
        body: dict[str, Any] = {name: [self.shown(target, one, query) for one in found.rows]}
        if found.total is not None:
            body[f"{name}@iot.count"] = found.total
        if found.more:
            onward = {"$top": str(query.top), "$skip": str(query.skip + query.top)}
            options = urlencode({**query.given, **onward}, safe="$", quote_via=quote)
            body[f"{name}@iot.nextLink"] = f"{here}?{options}"
        return body

    def _observations(self, way: Way | None, origin: Row, query: Query) -> Found:
        if way is None:
            allowed = "Observations of a datastream: Datastreams('ID')/Observations"
            raise AskedError("path", "Observations", allowed)
        datastreams = SETS["Datastreams"]
        if way.theirs == "datastream":
            rows, more = observations.read(self.live, origin, query, self.now_ms)  # type: ignore[arg-type]
            return Found(tuple(rows), more and query.top > 0)
        told = self.collection(datastreams, Query(), SETS["Things"].ways["Datastreams"], origin)
        near = replace(query, skip=0, top=query.skip + query.top + 1)
        merged = [
            one
            for stream in told.rows
            for one in observations.read(self.live, stream, near, self.now_ms)[0]  # type: ignore[arg-type]
        ]
        descending = not query.orders or query.orders[0].descending
        merged.sort(key=lambda one: str(one["phenomenonTime"]), reverse=descending)
        end = query.skip + query.top
        return Found(tuple(merged[query.skip : end]), len(merged) > end > query.skip)

    def _observation(self, record: str) -> Row | None:
        stream, _, time_ms = record.rpartition(observations.MARK)
        if not (time_ms.isascii() and time_ms.isdigit() and len(time_ms) <= 15):
            return None
        row = self.one(SETS["Datastreams"], stream)
        return observations.one(self.live, row, int(time_ms))  # type: ignore[arg-type]


def walk(reader: Reader, steps: tuple[Step, ...], query: Query) -> dict[str, Any]:
    """Return what stands at an address.

    Raises:
        Problem: nothing does (404).
        AskedError: the options ask for what is not there.
    """
    entity, row = _named(steps[0].name), None
    way: Way | None = None
    for at, step in enumerate(steps):
        if at:
            if row is None or step.name not in entity.ways:
                raise Problem(HTTPStatus.NOT_FOUND, f"no way {step.name!r} from {entity.name}")
            way, entity = entity.ways[step.name], SETS[entity.ways[step.name].target]
            if not way.many:
                if step.id is not None:
                    raise Problem(HTTPStatus.NOT_FOUND, f"{step.name} is one, and takes no id")
                row = reader.follow(row, way)
                continue
        if step.id is not None:
            row = reader.one(entity, step.id)
        elif at == len(steps) - 1:
            return _page(reader, entity, query, way, row or {})
        else:
            raise Problem(HTTPStatus.NOT_FOUND, f"{step.name} is many: name one by its id")
    if row is None:
        raise Problem(HTTPStatus.NOT_FOUND, "no such address")
    return reader.shown(entity, row, query)


def _page(
    reader: Reader, entity: EntitySet, query: Query, way: Way | None, origin: Row
) -> dict[str, Any]:
    found = reader.collection(entity, query, way, origin)
    body: dict[str, Any] = {}
    if found.total is not None:
        body["@iot.count"] = found.total
    if found.more:
        body["@iot.nextLink"] = query.skip + query.top
    return body | {"value": [reader.shown(entity, row, query) for row in found.rows]}


def _named(name: str) -> EntitySet:
    if name not in SETS:
        raise Problem(HTTPStatus.NOT_FOUND, f"no {name!r}; there are: {', '.join(SETS)}")
    return SETS[name]


def _observed(row: Row) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k not in {"id", "datastream", "feature"}}


def _selected(
    entity: EntitySet, names: tuple[str, ...], body: dict[str, Any]
) -> dict[str, Any]:
    """Only the properties and ways that were named; addresses stay, as clients need them."""
    kept = {}
    for name in names:
        known = name if name in body else f"@iot.{name}"
        known = f"{name}@iot.navigationLink" if name in entity.ways else known
        if known not in body:
            allowed = f"some of {', '.join([*body, *entity.ways])}"
            raise AskedError("$select", name, allowed)
        kept[known] = body[known]
    return {name: body[name] for name in ("@iot.id", "@iot.selfLink")} | kept
