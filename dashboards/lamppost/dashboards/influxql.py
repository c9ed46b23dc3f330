"""InfluxQL statements made of the names in `lamppost.wire.series`.

A statement knows its measurement and refuses a tag or field that this one does not have, so a
renamed field breaks the build of a board and not the screen of an operator. Nothing here can
write what the versions of InfluxDB understand differently: no database or retention policy
stands in FROM, and there is no SLIMIT.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from lamppost.wire.series import Measurement

RANGE = "$timeFilter"
"""The time range of the board, as Grafana writes it."""

AUTO = "$__interval"
"""The step that suits the width of a panel and the time range."""


class UnknownName(ValueError):  # noqa: N818 - says what is wrong with the name
    """A query asks for what its measurement does not have."""

    def __init__(self, name: str, allowed: Iterable[str], where: str) -> None:
        super().__init__(f"{where}: came {name!r}, allowed: {', '.join(sorted(allowed))}")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a SELECT.

    Attributes:
        expression: InfluxQL.
        names: the fields and tags in it.
        heading: what its values are called in the answer.
    """

    expression: str
    names: tuple[str, ...]
    heading: str

    def named(self, heading: str) -> "Column":
        """Return it under another heading."""
        return replace(self, heading=heading)

    @property
    def text(self) -> str:
        """Return it as InfluxQL."""
        return f"{self.expression} AS {identifier(self.heading)}"


@dataclass(frozen=True, slots=True)
class Condition:
    """A part of a WHERE: the name it is about, and all of it as InfluxQL."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """A step of time that is not Grafana's own, and why it must be this one."""

    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A SELECT; each method returns another one.

    Attributes:
        measurement: whose rows it reads, in the end.
        columns: of the answer.
        inner: the statement it reads from instead of the measurement.
        window: the condition on time; the board's range by default.
        conditions: the others; all of them hold.
        tags: what it groups by.
        step: the step of time it groups by, "" for none.
        fixed: why the step is a fixed one.
        fill: what stands in a step without rows.
        tail: ORDER BY and LIMIT.
    """

    measurement: Measurement
    columns: tuple[Column, ...]
    inner: "Statement | None" = None
    window: str = RANGE
    conditions: tuple[Condition, ...] = ()
    tags: tuple[str, ...] = ()
    step: str = ""
    fixed: str = ""
    fill: str = ""
    tail: str = ""

    def __post_init__(self) -> None:
        known = _known(self.measurement, self.inner)
        names = [name for column in self.columns for name in column.names]
        names += [condition.name for condition in self.conditions]
        for name in names:
            if name not in known:
                raise UnknownName(name, known, f"a query of {self.measurement.name!r}")
        for name in self.tags:
            if name not in self.measurement.tags:
                where = f"GROUP BY of {self.measurement.name!r}"
                raise UnknownName(name, self.measurement.tags, where)

    def within(self, span: str) -> Self:
        """Only the last `span` ("3m"), whatever the range of the board: what is true now."""
        return replace(self, window=f"time > now() - {span}")

    def where(self, *conditions: Condition) -> Self:
        """Only rows for which these hold too."""
        return replace(self, conditions=(*self.conditions, *conditions))

    def by(self, *tags: str) -> Self:
        """A series for each value of these tags."""
        return replace(self, tags=(*self.tags, *tags))

    def every(self, step: str | Step = AUTO, fill: str = "null") -> Self:
        """A row for each step of time."""
        if isinstance(step, Step):
            return replace(self, step=step.text, fixed=step.why, fill=fill)
        return replace(self, step=step, fill=fill)

    def newest(self, limit: int) -> Self:
        """The newest rows, at most this many."""
        return replace(self, tail=f"ORDER BY time DESC LIMIT {limit}")

    @property
    def statements(self) -> tuple["Statement", ...]:
        """Itself and those it reads from."""
        return (self, *(self.inner.statements if self.inner else ()))

    @property
    def text(self) -> str:
        """Return it as InfluxQL with Grafana's variables in it."""
        source = f"({self.inner.text})" if self.inner else identifier(self.measurement.name)
        columns = ", ".join(column.text for column in self.columns)
        where = " AND ".join([*(one.text for one in self.conditions), self.window])
        parts = ["SELECT", columns, "FROM", source, "WHERE", where]
        groups = [*map(identifier, self.tags)]
        if self.step:
            groups.insert(0, f"time({self.step})")
        if groups:
            parts += ["GROUP BY", ", ".join(groups)]
        if self.step:
            parts.append(f"fill({self.fill})")
        return " ".join([*parts, self.tail]) if self.tail else " ".join(parts)


def select(measurement: Measurement, *columns: Column | str) -> Statement:
    """Return a SELECT of the range of the board; a name alone is a column without a call.

    Raises:
        UnknownName: a column is none of the measurement's.
    """
    return Statement(measurement, tuple(map(_column, columns)))


def outer(inner: Statement, *columns: Column | str) -> Statement:
    """Return a SELECT from another one, over its headings and its tags.

    It has the window of the inner one: without one InfluxDB dates its answer 1970.

    Raises:
        UnknownName: a column is no heading of the inner one.
    """
    chosen = tuple(map(_column, columns))
    return Statement(inner.measurement, chosen, inner=inner, window=inner.window)


def call(function: str, name: str, *arguments: str | float) -> Column:
    """Return `function("name", arguments)` under the name of the field."""
    given = "".join(f", {argument}" for argument in arguments)
    return Column(f"{function}({identifier(name)}{given})", (name,), name)


def formula(heading: str, template: str, *names: str) -> Column:
    """Return arithmetic on several names: `formula("share", "sum({}) / sum({})", "a", "b")`."""
    return Column(template.format(*map(identifier, names)), names, heading)


def rate(name: str) -> Column:
    """Return how much a counter grows a second; a counter that began again makes no dip."""
    return formula(name, "non_negative_derivative(last({}), 1s)", name)


def ranked(way: str, name: str, limit: int, *tags: str) -> Column:
    """Return the `limit` largest ("top") or smallest ("bottom") values of different tags."""
    listed = ", ".join(map(identifier, (name, *tags)))
    return Column(f"{way}({listed}, {limit})", (name, *tags), name)


def last(name: str) -> Column:
    """Return the newest value of a field."""
    return call("last", name)


def chosen(tag: str, variable: str = "") -> Condition:
    """Return the condition that a tag has one of the values chosen in a variable of the board.

    A regular expression with Grafana's own escaping of it is the one form that takes one value,
    several and all, and in which no name can break out, whatever characters it has.
    """
    return Condition(tag, f"{identifier(tag)} =~ /^${{{variable or tag}:regex}}$/")


def equals(name: str, value: str | bool | int) -> Condition:
    """Return the condition that a field or tag has this value."""
    text = literal(value) if isinstance(value, str) else str(value).lower()
    return Condition(name, f"{identifier(name)} = {text}")


def compared(name: str, how: str, value: float) -> Condition:
    """Return the condition that a field is greater (">", ">=") or less than this."""
    return Condition(name, f"{identifier(name)} {how} {value}")


def values_of(tag: str, measurement: Measurement, *conditions: Condition) -> str:
    """Return the statement that lists the values of a tag, for a variable.

    Raises:
        UnknownName: the measurement has no such tag.
    """
    for name in (tag, *(condition.name for condition in conditions)):
        if name not in measurement.tags:
            raise UnknownName(name, measurement.tags, f"tags of {measurement.name!r}")
    text = f"SHOW TAG VALUES FROM {identifier(measurement.name)} WITH KEY = {identifier(tag)}"
    if conditions:
        text += " WHERE " + " AND ".join(condition.text for condition in conditions)
    return text


def identifier(name: str) -> str:
    """Return a name quoted as InfluxQL wants names."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def literal(text: str) -> str:
    """Return a text quoted as InfluxQL wants strings."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _column(given: Column | str) -> Column:
    if isinstance(given, Column):
        return given
    return Column(identifier(given), (given,), given)


def _known(measurement: Measurement, inner: Statement | None) -> set[str]:
    """What a statement may name: of the measurement, or of what it reads from."""
    if inner is None:
        return {*measurement.tags, *measurement.names()}
    return {*measurement.tags, *(column.heading for column in inner.columns)}
