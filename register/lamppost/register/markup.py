"""HTML fragments as values: everything that is not `Markup` is escaped, always.

Names and texts come from the network. Building fragments only through `tag` keeps them text.
"""

from html import escape
from typing import Self


class Markup(str):
    """A string that is already HTML."""

    __slots__ = ()

    @classmethod
    def join_all(cls, parts: "list[Markup]") -> Self:
        """Return the fragments one after the other."""
        return cls("".join(parts))


VOID_TAGS = frozenset({"path", "circle", "line", "rect", "polyline", "polygon", "input"})
"""SVG shapes and fields, written without children."""


def tag(name: str, *children: str, **attributes: str | float | None) -> Markup:
    """Return one element.

    Args:
        name: Element name with classes, as in `span.badge.fault`.
        children: Texts (escaped) and `Markup` (taken as it is).
        attributes: Attribute values (escaped); None leaves the attribute out. A trailing
            underscore is dropped, other underscores become hyphens.
    """
    element, *classes = name.split(".")
    words = [element]
    if classes:
        words.append(f'class="{escape(" ".join(filter(None, classes)))}"')
    for key, value in attributes.items():
        if value is not None:
            label = key.rstrip("_").replace("_", "-")
            words.append(f'{label}="{escape(str(value))}"')
    head = " ".join(words)
    if element in VOID_TAGS and not children:
        return Markup(f"<{head}/>")
    inner = "".join(child if isinstance(child, Markup) else escape(child) for child in children)
    return Markup(f"<{head}>{inner}</{element}>")


def icon(shape: str) -> Markup:
    """Return a 16-pixel line drawing; it only repeats what the text beside it says."""
    return tag(
        "svg.icon",
        tag("path", d=SHAPES[shape]),
        viewBox="0 0 16 16",
        aria_hidden="true",
    )


SHAPES = {
    "lamp": "M6 14.5H10 M8 14.5V6 M5 6H11L9.8 2H6.2Z",
    "ok": "M3 8.5 6.5 12 13 4.5",
    "process_anomaly": "M8 2 15 14 1 14Z M8 6.5V10 M8 12V12.2",
    "sensor_fault": "M8 2a6 6 0 1 0 .01 0Z M3.8 3.8 12.2 12.2",
    "communication": "M2 6.5a8.5 8.5 0 0 1 12 0 M4.5 9a5 5 0 0 1 7 0 M8 12V12.2 M2.5 14 13.5 2",
    "warning": "M8 2 15 14 1 14Z M8 6.5V10 M8 12V12.2",
    "stale": "M8 2a6 6 0 1 0 .01 0Z M8 4.5V8L10.5 9.5",
    "cross": "M4 4 12 12 M12 4 4 12",
    "wait": "M4 2H12 M4 14H12 M5 2C5 6 11 10 11 14 M11 2C11 6 5 10 5 14",
}
