"""The picture of the map as SVG: boxes that are links, curves for what flows."""

from collections.abc import Callable, Mapping

from lamppost.register.markup import Markup, tag
from lamppost.register.pages.picture import NUMEROUS, Box, Line, Picture

WIDTH, HEIGHT = 160, 44
ACROSS, DOWN = 42, 14
EDGE = 8
NAME_CHARS = 18
BEND = 22
TEXT_X, NAME_Y, SUB_Y = 10, 18, 34

Href = Callable[[Box], str]


def svg(shown: Picture, focus: str, marks: Mapping[str, str], href: Href) -> Markup:
    """Return the picture.

    Args:
        shown: What to draw.
        focus: Key of the box in focus, "" when there is none.
        marks: Key to "lost" or "less" for what breaks when the focus goes.
        href: Where a box leads to.
    """
    width = 2 * EDGE + shown.columns * (WIDTH + ACROSS) - ACROSS
    height = 2 * EDGE + shown.rows * (HEIGHT + DOWN) - DOWN
    lines = [_line(shown, line) for line in shown.lines]
    boxes = [
        _box(box, box.key == focus, marks.get(box.key, ""), href(box))
        for box in shown.boxes.values()
    ]
    drawn = tag(
        "svg.map",
        tag("g", *lines, aria_hidden="true"),
        *boxes,
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="group",
        aria_label="The map; the table below says the same",
    )
    return tag("div.map-box", drawn, tabindex=0, role="region", aria_label="Map, scrolls")


def _box(box: Box, is_focus: bool, mark: str, href: str) -> Markup:
    left, top = _corner(box)
    second = " · ".join(part for part in ("" if box.is_count else box.kind, mark) if part)
    label = box.name if box.is_count else f"{box.kind} {box.name}"
    label += f", owner {box.owner}" if box.owner else ""
    label += f", {MARKS[mark]}" if mark else ""
    return tag(
        "a",
        tag("title", label),
        tag("rect", width=WIDTH, height=HEIGHT, rx=7),
        tag("text", _cut(box), x=TEXT_X, y=NAME_Y if second else (NAME_Y + SUB_Y) // 2),
        tag("text.second", second, x=TEXT_X, y=SUB_Y),
        class_=" ".join(filter(None, ["box", "focus" if is_focus else "", mark])),
        href=href,
        transform=f"translate({left} {top:g})",
        aria_label=label,
        aria_current="true" if is_focus else None,
    )


MARKS = {"lost": "lost when the one in focus goes", "less": "goes on with less"}
"""What a mark says in full."""


def _line(shown: Picture, line: Line) -> Markup:
    source, target = shown.boxes[line.source], shown.boxes[line.target]
    left, top = _corner(source)
    to_left, to_top = _corner(target)
    start = (left + WIDTH, top + HEIGHT / 2)
    end = (to_left if target.column != source.column else to_left + WIDTH, to_top + HEIGHT / 2)
    back = -BEND if target.column != source.column else BEND
    curve = (
        f"M{start[0]:g} {start[1]:g}C{start[0] + BEND:g} {start[1]:g} "
        f"{end[0] + back:g} {end[1]:g} {end[0]:g} {end[1]:g}"
    )
    return tag("path", d=curve, class_="flow many" if line.count > 1 else "flow")


def _corner(box: Box) -> tuple[int, float]:
    return EDGE + box.column * (WIDTH + ACROSS), EDGE + box.row * (HEIGHT + DOWN)


def _cut(box: Box) -> str:
    """The name as far as it fits; of a path, its end says more."""
    if len(box.name) <= NAME_CHARS:
        return box.name
    keep = NAME_CHARS - 1
    return f"…{box.name[-keep:]}" if box.kind in NUMEROUS else f"{box.name[:keep]}…"
