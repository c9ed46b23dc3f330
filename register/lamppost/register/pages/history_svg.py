"""The history of an indicator as a small picture: what is missing is a gap with its name."""

from collections.abc import Sequence

from lamppost.register import words
from lamppost.register.indicators.values import Value
from lamppost.register.markup import Markup, tag

WIDTH, HEIGHT = 720, 190
LEFT, RIGHT, TOP, BOTTOM = 74, 16, 16, 30
RADIUS = 4.5
LABEL_BELOW = 13


def svg(values: Sequence[Value], aim: tuple[float, float] | None = None) -> Markup:
    """Return the picture of values, the oldest first; its scale begins at zero.

    Args:
        values: What was.
        aim: Baseline and goal, which get a line each; None when nobody has set them.
    """
    known = [one.value for one in values if one.value is not None] + list(aim or ())
    scale = (min([*known, 0.0]), max(map(abs, known), default=0.0) or 1.0)
    marks = [_mark(one, *_place(number, one, len(values), scale)) for number, one in
             enumerate(values)]  # fmt: skip
    aims = _aims(aim, scale) if aim else []
    parts = [*_axes(values, scale), *aims, *_lines(values, scale), *marks]
    return tag(
        "svg.history",
        *parts,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label="Its history; the table below says the same",
    )


def _place(
    number: int, one: Value, count: int, scale: tuple[float, float]
) -> tuple[float, float]:
    step = (WIDTH - LEFT - RIGHT) / max(count, 1)
    return LEFT + step * (number + 0.5), _height(one.value or 0.0, scale)


def _height(value: float, scale: tuple[float, float]) -> float:
    low, high = scale
    return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)


def _aims(aim: tuple[float, float], scale: tuple[float, float]) -> list[Markup]:
    """Baseline and goal as lines with their names, which never lie on each other."""
    drawn = []
    baseline, goal = (_height(one, scale) for one in aim)
    for kind, value, y, other in (
        ("baseline", aim[0], baseline, goal),
        ("goal", aim[1], goal, baseline),
    ):
        is_lower = y > other or (y == other and kind == "baseline")
        at = y + LABEL_BELOW if is_lower and y + LABEL_BELOW < HEIGHT - BOTTOM else y - 4
        name = f"{'target' if kind == 'goal' else kind} {words.number(value)}"
        drawn.append(tag(f"line.{kind}", x1=LEFT, x2=WIDTH - RIGHT, y1=f"{y:g}", y2=f"{y:g}"))
        drawn.append(tag(f"text.{kind}", name, x=WIDTH - RIGHT, y=f"{at:g}", text_anchor="end"))
    return drawn


def _axes(values: Sequence[Value], scale: tuple[float, float]) -> list[Markup]:
    drawn = []
    for edge in scale:
        y = _height(edge, scale)
        drawn.append(tag("line.axis", x1=LEFT, x2=WIDTH - RIGHT, y1=f"{y:g}", y2=f"{y:g}"))
        drawn.append(
            tag("text", words.number(edge), x=LEFT - 8, y=f"{y + 4:g}", text_anchor="end")
        )
    for number, one in enumerate(values):
        x, _ = _place(number, one, len(values), scale)
        month = one.period[2:]
        drawn.append(tag("text", month, x=f"{x:g}", y=HEIGHT - 8, text_anchor="middle"))
    return drawn


def _lines(values: Sequence[Value], scale: tuple[float, float]) -> list[Markup]:
    """Lines between neighbours that both have a value."""
    places = [_place(number, one, len(values), scale) for number, one in enumerate(values)]
    return [
        tag("path.flow", d=f"M{places[n][0]:g} {places[n][1]:g}L{x:g} {y:g}")
        for n, (x, y) in enumerate(places[1:])
        if values[n].value is not None and values[n + 1].value is not None
    ]


def _mark(one: Value, x: float, y: float) -> Markup:
    if one.value is None:
        return tag("text.missing", "NR", x=f"{x:g}", y=f"{y - 6:g}", text_anchor="middle")
    kind = "circle.synthetic" if one.status == "synthetic" else "circle.measured"
    return tag(kind, cx=f"{x:g}", cy=f"{y:g}", r=RADIUS)
