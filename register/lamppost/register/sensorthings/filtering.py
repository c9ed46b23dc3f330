"""`$filter` and `$orderby` as SQL.

A comparison whose path leads over another entity (`Thing/name eq 'x'`, `Datastreams/id eq 'y'`)
holds when there is at least one such entity for which it holds.
"""

from typing import Any

from odata_query import ast
from sqlalchemy import ColumnElement, Select, Subquery, and_, exists, func, literal, not_, or_

from lamppost.register.sensorthings.asked import AskedError, Query
from lamppost.register.sensorthings.model import SETS, EntitySet

COMPARISONS = {
    ast.Eq: lambda left, right: left == right,
    ast.NotEq: lambda left, right: left != right,
    ast.Lt: lambda left, right: left < right,
    ast.LtE: lambda left, right: left <= right,
    ast.Gt: lambda left, right: left > right,
    ast.GtE: lambda left, right: left >= right,
}
# In functions that SQLite and PostgreSQL share; LIKE would take no heed of case in SQLite.
TEXTUAL = {
    "contains": lambda text, part: (
        func.length(func.replace(text, part, "")) < func.length(text)
    ),
    "startswith": lambda text, part: func.substr(text, 1, func.length(part)) == part,
    "endswith": lambda text, part: (
        func.substr(text, func.length(text) - func.length(part) + 1) == part
    ),
}
SHAPING = {"tolower": func.lower, "toupper": func.upper, "trim": func.trim}
ALLOWED = (
    "eq, ne, lt, le, gt, ge, and, or, not over properties, text and numbers, and the functions "
    "contains, substringof, startswith, endswith, tolower, toupper, trim"
)

Condition = ColumnElement[bool]


def conditions(entity: EntitySet, source: Subquery, query: Query) -> list[Condition]:
    """Return what `$filter` demands of a row of `source`.

    Raises:
        AskedError: it names what is not there, or does what is not done here.
    """
    if query.condition is None:
        return []
    return [_condition(entity, source, query.condition)]


def ordered(entity: EntitySet, source: Subquery, query: Query) -> list[ColumnElement[Any]]:
    """Return what to sort by; the id comes last, so that pages never overlap."""
    keys: list[ColumnElement[Any]] = []
    for order in query.orders:
        column = _column(entity, source, order.path, "$orderby")
        keys.append(column.desc() if order.descending else column.asc())
    return [*keys, source.c.id.asc()]


def _condition(entity: EntitySet, source: Subquery, node: ast._Node) -> Condition:
    match node:
        case ast.BoolOp(op, left, right):
            both = _condition(entity, source, left), _condition(entity, source, right)
            return and_(*both) if isinstance(op, ast.And) else or_(*both)
        case ast.UnaryOp(ast.Not(), operand):
            return not_(_condition(entity, source, operand))
        case ast.Compare() | ast.Call():
            return _over_ways(entity, source, node)
    raise AskedError("$filter", str(node), ALLOWED)


def _over_ways(entity: EntitySet, source: Subquery, node: Any) -> Condition:  # noqa: ANN401
    """A comparison, at the end of the ways that its one path leads."""
    paths = list(_paths(node))
    ahead = {path[0] for path in paths if path[0] in entity.ways and len(path) > 1}
    if not ahead:
        return _comparison(entity, source, node)
    if len(ahead) > 1 or any(path[0] not in ahead for path in paths):
        raise AskedError("$filter", str(node), "one path in a comparison")
    way = entity.ways[ahead.pop()]
    target = SETS[way.target]
    if target.source is None:
        raise AskedError("$filter", way.target, "paths over other entities than Observations")
    there = target.source.alias()
    inner = _over_ways(target, there, _shortened(node))  # type: ignore[arg-type]
    return exists().where(there.c[way.theirs] == source.c[way.mine], inner)


def _comparison(entity: EntitySet, source: Subquery, node: Any) -> Condition:  # noqa: ANN401
    if isinstance(node, ast.Call):
        if node.func.name not in TEXTUAL or len(node.args) != 2:
            raise AskedError("$filter", node.func.name, ALLOWED)
        left, right = (_value(entity, source, one) for one in node.args)
        found: Condition = TEXTUAL[node.func.name](left, right)
        return found
    if type(node.comparator) not in COMPARISONS:
        raise AskedError("$filter", str(node), ALLOWED)
    left, right = _value(entity, source, node.left), _value(entity, source, node.right)
    compared: Condition = COMPARISONS[type(node.comparator)](left, right)
    return compared


def _value(entity: EntitySet, source: Subquery, node: Any) -> ColumnElement[Any]:  # noqa: ANN401
    match node:
        case ast.Identifier() | ast.Attribute():
            return _column(entity, source, "/".join(parts(node)), "$filter")
        case ast.String(text):
            return literal(text)
        case ast.Integer(text) | ast.Float(text):
            return literal(float(text))
        case ast.Null():
            return literal(None)
        case ast.Call(function, [only]) if function.name in SHAPING:
            shaped: ColumnElement[Any] = SHAPING[function.name](_value(entity, source, only))
            return shaped
    raise AskedError("$filter", str(node), ALLOWED)


def _column(entity: EntitySet, source: Subquery, path: str, option: str) -> ColumnElement[Any]:
    name = entity.columns.get(path)
    if name is None:
        ways = [f"{way}/..." for way in entity.ways if option == "$filter"]
        raise AskedError(option, path, f"one of {', '.join([*entity.columns, *ways])}")
    column: ColumnElement[Any] = source.c[name]
    return column


def parts(node: ast._Node) -> tuple[str, ...]:
    """Return the parts of a path: `Thing/name` is ("Thing", "name")."""
    if isinstance(node, ast.Attribute):
        return (*parts(node.owner), node.attr)
    if isinstance(node, ast.Identifier):
        return (node.name,)
    raise AskedError("$filter", str(node), ALLOWED)


def _paths(node: Any) -> list[tuple[str, ...]]:  # noqa: ANN401
    match node:
        case ast.Identifier() | ast.Attribute():
            return [parts(node)]
        case ast.Compare(_, left, right):
            return _paths(left) + _paths(right)
        case ast.Call(_, arguments):
            return [path for one in arguments for path in _paths(one)]
    return []


def _shortened(node: Any) -> Any:  # noqa: ANN401
    """The same comparison without the first part of its paths."""
    match node:
        case ast.Identifier() | ast.Attribute():
            first, *rest = parts(node)[1:]
            short: Any = ast.Identifier(first)
            for name in rest:
                short = ast.Attribute(short, name)
            return short
        case ast.Compare(comparator, left, right):
            return ast.Compare(comparator, _shortened(left), _shortened(right))
        case ast.Call(function, arguments):
            return ast.Call(function, [_shortened(one) for one in arguments])
    return node


def narrowed(
    chosen: Select[Any], entity: EntitySet, source: Subquery, query: Query
) -> Select[Any]:
    """Return a SELECT that keeps to `$filter`."""
    return chosen.where(*conditions(entity, source, query))
