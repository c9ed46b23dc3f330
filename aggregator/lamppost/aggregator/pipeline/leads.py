"""What a series is by its birth, and which one leads its node."""

from lamppost.aggregator.judge.judge import Judge
from lamppost.aggregator.nodes.series import SeriesInfo

COUNTERS = ("energy", "counter")  # classes that only ever rise
TEMPERATURES = ("Cel", "[degF]", "K")  # UCUM
CUMULATIVE = ("W.h", "J", "m3", "L")  # units of such classes end so, prefixes before them


class Leads:
    """Tells the judge of each series what it is, and which was the first of its node."""

    def __init__(self) -> None:
        self._leads: dict[tuple[str, str], int] = {}

    def admit(self, judge: Judge, info: SeriesInfo) -> None:
        """Relate a series that the judge has just been given."""
        judge.relate(
            info.index,
            self._leads.setdefault((info.group, info.node), info.index),
            counter=is_counter(info),
            temperature=info.unit in TEMPERATURES,
        )


def is_counter(info: SeriesInfo) -> bool:
    """Whether a birth says that a series adds up and never falls."""
    return info.channel_class in COUNTERS and info.unit.endswith(CUMULATIVE)
