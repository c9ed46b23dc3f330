"""Parts that pages have in common: cards with a heading, tables, facts, where to go on.

A table is one for screen readers on a phone too, where its rows are shown as cards: the roles
are written out, because a browser forgets them when the layout is not a table's.
"""

from collections.abc import Iterable, Mapping, Sequence

from lamppost.register.markup import Markup, tag


def part(title: str, *content: Markup) -> Markup:
    """Return a card with its heading."""
    return tag("section.card", tag("h2.entry", title), *content)


def note(told: str) -> Markup:
    """Return a remark within a card."""
    return tag("p.entry.note", told)


def scrolled(picture: Markup, name: str) -> Markup:
    """Return a picture in a box that scrolls where it is wider; its right is seen first."""
    label = f"{name}, scrolls"
    return tag("div.entry.picture", picture, tabindex=0, role="region", aria_label=label)


def facts(told: Mapping[str, str | None]) -> Markup:
    """Return names and values; a value that is not known is left out."""
    lines = [
        tag("div", tag("dt", name), tag("dd", value)) for name, value in told.items() if value
    ]
    return tag("dl.entry", *lines)


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    """Return a table; the first cell of a row names it.

    Args:
        caption: Read out before the table; shown nowhere.
        heads: Of the columns.
        rows: Cells, texts or fragments, as many as there are heads.
    """
    columns = [tag("th", head, scope="col", role="columnheader") for head in heads]
    head = tag("thead", tag("tr", *columns, role="row"), role="rowgroup")
    body = tag("tbody", *(_row(heads, row) for row in rows), role="rowgroup")
    return tag("table.sheet", tag("caption", caption), head, body, role="table")


def _row(heads: Sequence[str], cells: Sequence[str]) -> Markup:
    first, *others = cells
    return tag(
        "tr",
        tag("th", first, scope="row", role="rowheader"),
        *(
            tag("td", cell, role="cell", data_head=head)
            for head, cell in zip(heads[1:], others, strict=True)
        ),
        role="row",
    )
