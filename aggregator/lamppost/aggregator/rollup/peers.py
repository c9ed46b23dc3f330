"""What the same metric reads at the neighbours of an asset."""

from collections.abc import Iterable

import numpy as np

from lamppost.aggregator.rollup.places import NODE_CLASS, Places
from lamppost.aggregator.store.seam import Sample
from lamppost.register.live import ChannelView
from lamppost.wire.series import PEERS

LEAST = 3
PERCENTILES = (10, 50, 90)
TRUSTED = ((), ("learning",))


def peers(
    channels: Iterable[ChannelView], places: Places, minute_ms: int, host: str
) -> tuple[Sample, ...]:
    """Return the spread of each metric over the assets of a class and district.

    Args:
        channels: only present values of channels without flags of a fault count.
        places: what is measured.
        minute_ms: which the rows are of.
        host: the aggregator.
    """
    found: dict[tuple[str, str, str], list[float]] = {}
    for one in channels:
        value = one.value
        if one.stale or not isinstance(value, float) or one.flags not in TRUSTED:
            continue
        place = places.of(one.group, one.node, one.device)
        if place.asset_class != NODE_CLASS:
            key = place.asset_class, place.district, one.metric
            found.setdefault(key, []).append(value)
    rows = []
    for (asset_class, district, metric), values in found.items():
        if len(values) < LEAST:
            continue
        low, median, high = np.percentile(values, PERCENTILES).tolist()
        tags = {
            "asset_class": asset_class, "district": district, "host": host, "metric": metric,
        }  # fmt: skip
        fields: dict[str, float | str | None]
        fields = {"n": len(values), "low": low, "median": median, "high": high}
        rows.append(Sample(PEERS, minute_ms, tags, fields))
    return tuple(rows)
