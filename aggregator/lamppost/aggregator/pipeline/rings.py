"""What belongs together: the series of a node, and those that measure the same on a device."""

from lamppost.aggregator.judge.judge import Judge
from lamppost.aggregator.nodes.series import SeriesInfo

COUNTERS = ("energy", "counter")  # classes that only ever rise
TEMPERATURES = ("Cel", "[degF]", "K")  # UCUM
CUMULATIVE = ("W.h", "J", "m3", "L")  # units of such classes end so, prefixes before them


class Rings:
    """Tells the judge of each series what it is and belongs to, in the order of birth.

    Neighbours are channels of one device with one class and one unit: two thermometers in one
    cabinet, three strain gauges on one girder. Whether they really move together, the judge
    finds out itself.
    """

    def __init__(self) -> None:
        self._leads: dict[tuple[str, str], int] = {}
        self._rings: dict[tuple[str, str, str, str, str], int] = {}

    def admit(self, judge: Judge, info: SeriesInfo) -> None:
        """Relate a series that the judge has just been given."""
        lead = self._leads.setdefault((info.group, info.node), info.index)
        neighbour = None
        if info.channel_class and info.device:
            place = info.group, info.node, info.device
            ring = (*place, info.channel_class, info.unit)
            first = self._rings.setdefault(ring, info.index)
            neighbour = first if first != info.index else None
        judge.relate(
            info.index,
            lead,
            neighbour,
            counter=is_counter(info),
            temperature=info.unit in TEMPERATURES,
        )


def is_counter(info: SeriesInfo) -> bool:
    """Whether a birth says that a series adds up and never falls."""
    return info.channel_class in COUNTERS and info.unit.endswith(CUMULATIVE)
