"""The filters that lists have in common."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from lamppost.register.markup import Markup
from lamppost.register.pages.forms import select as choice
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register
from lamppost.register.records.tables import asset

SHOWN_MAX = 50
DISTRICTS_MAX = 200
VALUE_CHARS_MAX = 512


def given(
    query: Mapping[str, str], names: Sequence[str], allowed: Mapping[str, Sequence[str]]
) -> list[str]:
    """Return what an address says under each name, "" when nothing.

    Raises:
        RefusedError: a value is too long, or none of those that `allowed` has for its name.
    """
    told = [query.get(name, "") for name in names]
    for name, value in zip(names, told, strict=True):
        if len(value) > VALUE_CHARS_MAX or "\x00" in value:
            raise RefusedError(f"{name}: came {value[:40]!r}, allowed: {VALUE_CHARS_MAX} chars")
        if value and name in allowed and value not in allowed[name]:
            words = ", ".join(allowed[name])
            raise RefusedError(f"{name}: came {value[:40]!r}, allowed: {words}")
    return told


def districts(register: Register) -> list[str]:
    """Return the districts that assets are in."""
    query = (
        select(asset.c.district)
        .where(asset.c.district.is_not(None))
        .distinct()
        .order_by(asset.c.district)
        .limit(DISTRICTS_MAX)
    )
    with register.database.reading() as connection:
        return [str(one) for one in connection.execute(query).scalars()]


def names(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return name and district ("" without) of some assets, as many as a page shows."""
    query = select(asset.c.id, asset.c.name, asset.c.district).where(asset.c.id.in_(ids))
    return {row.id: (row.name, row.district or "") for row in connection.execute(query)}


def theirs(register: Register, district: str) -> str | None:
    """Return the district that is asked for; None for all, which "" asks for.

    Raises:
        RefusedError: who looks is for other districts.
    """
    if district and register.boundary and district not in register.boundary.districts:
        allowed = ", ".join(sorted(register.boundary.districts))
        raise RefusedError(f"district: came {district[:40]!r}, allowed: {allowed}")
    return district or None


def district_choice(places: Sequence[str], chosen: str) -> Markup:
    """Return the field to choose a district in."""
    named = {"": "All districts", **{place: place for place in places}}
    if chosen:
        named.setdefault(chosen, chosen)
    return choice("district", "District", named, chosen)
