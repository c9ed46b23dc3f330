"""A birth as the register understands it."""

from lamppost.aggregator.nodes.births import Birth, by_name
from lamppost.aggregator.nodes.nodes import Route
from lamppost.register.records.births import BirthSeen, ChannelSeen

VERSION = "Node Info/Version"


def seen(route: Route, birth: Birth, time_ms: int) -> BirthSeen:
    """Return a birth as the register understands it."""
    channels = tuple(
        ChannelSeen(
            one.name,
            one.datatype.name.lower(),
            one.unit,
            one.low,
            one.high,
            one.heartbeat_ms,
            one.channel_class,
            one.rate_per_s,
            one.asset,
        )
        for one in birth.series
    )
    node = route.node
    if route.device:
        return BirthSeen(node.group, node.name, route.device, time_ms, channels)
    told = by_name(birth.facts).get(VERSION)
    version = told.value if told is not None and isinstance(told.value, str) else ""
    return BirthSeen(node.group, node.name, "", time_ms, channels, version, birth.acks)
