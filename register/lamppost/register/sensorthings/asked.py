"""What a request asks for: the query options of SensorThings, as frozen values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from odata_query import ast
from odata_query.exceptions import ODataException
from odata_query.grammar import ODataLexer, ODataParser

TOP_DEFAULT = 100
TOP_MAX = 1_000
SKIP_MAX = 10_000_000
DEPTH_MAX = 4
TEXT_MAX = 4_000
OPTIONS = ("$filter", "$expand", "$select", "$orderby", "$top", "$skip", "$count")


class AskedError(ValueError):
    """A query option that cannot be followed; says what came and what is allowed."""

    def __init__(self, option: str, came: str, allowed: str) -> None:
        super().__init__(f"{option}: came {came[:200]!r}, allowed: {allowed}")


@dataclass(frozen=True, slots=True)
class Order:
    """One key to sort by."""

    path: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Query:
    """All options of one collection or entity.

    Attributes:
        condition: `$filter` as a tree, or None.
        expand: What is asked for with it, by the name of the way there.
        select: The properties wanted, or None for all.
        orders: `$orderby`, most significant first.
        top: Most entities of the page.
        skip: Entities left out before it.
        count: True to be told how many there are in all.
        given: The options as they came, for the address of the next page.
    """

    condition: ast._Node | None = None
    expand: Mapping[str, "Query"] = field(default_factory=dict)
    select: tuple[str, ...] | None = None
    orders: tuple[Order, ...] = ()
    top: int = TOP_DEFAULT
    skip: int = 0
    count: bool = False
    given: Mapping[str, str] = field(default_factory=dict)


def read_query(options: Iterable[tuple[str, str]], depth: int = 0) -> Query:
    """Return the options of a request, or of one `$expand`.

    Raises:
        AskedError: an option is unknown, twice there, too long or makes no sense.
    """
    given: dict[str, str] = {}
    for name, value in options:
        if name not in OPTIONS or name in given:
            raise AskedError(name, value, f"each of {', '.join(OPTIONS)} once")
        if len(value) > TEXT_MAX:
            raise AskedError(name, value, f"at most {TEXT_MAX} characters")
        given[name] = value
    return Query(
        condition=read_filter(given["$filter"]) if "$filter" in given else None,
        expand=_read_expand(given.get("$expand", ""), depth),
        select=_names(given["$select"]) if "$select" in given else None,
        orders=_read_orders(given.get("$orderby", "")),
        top=_number("$top", given.get("$top", str(TOP_DEFAULT)), TOP_MAX),
        skip=_number("$skip", given.get("$skip", "0"), SKIP_MAX),
        count=_truth(given.get("$count", "false")),
        given=given,
    )


def read_filter(text: str) -> ast._Node:
    """Parse a `$filter`.

    Raises:
        AskedError: it is none.
    """
    parser = ODataParser()
    known = parser._function_call  # noqa: SLF001 - the one place where functions are looked up

    def call(function: ast.Identifier, arguments: list[Any]) -> Any:  # noqa: ANN401
        if function.name == "substringof" and len(arguments) == 2:  # contains, of OData 2
            return ast.Call(ast.Identifier("contains"), arguments[::-1])
        return known(function, arguments)

    parser._function_call = call  # type: ignore[method-assign,assignment]  # noqa: SLF001
    try:
        tree = parser.parse(ODataLexer().tokenize(_without_prefix(text)))
    except (ODataException, RecursionError) as error:
        raise AskedError("$filter", text, f"an OData expression ({error})") from error
    if not isinstance(tree, ast._Node):  # noqa: SLF001
        raise AskedError("$filter", text, "an OData expression")
    return tree


def _without_prefix(text: str) -> str:
    """`@iot.id` is `id` for a grammar that knows no "@"; what stands in quotes stays."""
    parts = text.split("'")
    return "'".join(
        part if at % 2 else part.replace("@iot.id", "id") for at, part in enumerate(parts)
    )


def _read_expand(text: str, depth: int) -> dict[str, Query]:
    if text and depth >= DEPTH_MAX:
        raise AskedError("$expand", text, f"at most {DEPTH_MAX} levels")
    wanted: dict[str, Query] = {}
    for part in _split(text, ","):
        head, _, rest = part.partition("(")
        options = [
            (name.strip(), value)
            for name, _, value in (
                one.partition("=") for one in _split(rest.removesuffix(")"), ";")
            )
        ]
        name, *path = head.strip().split("/")
        if path:  # Things/Locations is Things($expand=Locations)
            options = [("$expand", "/".join(path) + (f"({rest}" if rest else ""))]
        query = read_query(options, depth + 1)
        if name in wanted:
            query = _merged(wanted[name], query)
        wanted[name] = query
    return wanted


def _merged(first: Query, second: Query) -> Query:
    """The same way named twice, as in `Datastreams/Sensor,Datastreams/Observations`."""
    expanded = ",".join(one.given["$expand"] for one in (first, second) if one.expand)
    return replace(
        first,
        expand={**first.expand, **second.expand},
        given={**first.given, "$expand": expanded},
    )


def _split(text: str, mark: str) -> list[str]:
    """Split at a mark that stands in no parentheses and no quotes."""
    parts, depth, quoted, start = [], 0, False, 0
    for at, sign in enumerate(text):
        if sign == "'":
            quoted = not quoted
        elif not quoted:
            depth += (sign == "(") - (sign == ")")
            if sign == mark and depth == 0:
                parts.append(text[start:at])
                start = at + 1
    if quoted or depth:
        raise AskedError("$expand", text, "parentheses and quotes that close")
    return [part for part in (*parts, text[start:]) if part.strip()]


def _read_orders(text: str) -> tuple[Order, ...]:
    orders = []
    for part in filter(None, (one.strip() for one in text.split(","))):
        path, _, direction = part.partition(" ")
        if direction.strip().lower() not in {"", "asc", "desc"}:
            raise AskedError("$orderby", part, "PROPERTY, PROPERTY asc or PROPERTY desc")
        orders.append(Order(path.replace("@iot.id", "id"), direction.strip().lower() == "desc"))
    return tuple(orders)


def _names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (one.strip().replace("@iot.", "") for one in text.split(","))))


def _number(option: str, text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise AskedError(option, text, f"a whole number, 0 to {most}")
    number = int(text)
    if option == "$skip" and number > most:
        raise AskedError(option, text, f"a whole number, 0 to {most}")
    return min(number, most)


def _truth(text: str) -> bool:
    if text not in {"true", "false"}:
        raise AskedError("$count", text, "true or false")
    return text == "true"
