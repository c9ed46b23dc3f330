"""An event from sensors that no longer move together."""

from collections.abc import Mapping

from lamppost.aggregator.alarms import event as e
from lamppost.aggregator.alarms.event import Event, Place, event_id
from lamppost.aggregator.judge.groups import Change
from lamppost.aggregator.nodes.series import SeriesInfo

LEAST_SHARE = 0.05  # of the departure: less is no contribution


def relation_of(
    name: str, place: Place, infos: Mapping[int, SeriesInfo], change: Change, now_ms: int
) -> Event:
    """What a group's departure is told as; its reason is still empty.

    `value` and `expected` are those of the member with the largest share.
    """
    lead = change.members[0]
    shares = tuple(
        (_path(infos[member.series], place), round(member.share, 3))
        for member in change.members
        if member.share >= LEAST_SHARE
    )
    return Event(
        event_id(e.RELATION, change.since_ms, *place, name),
        *place,
        name,
        e.PROCESS_ANOMALY,
        e.RELATION,
        change.since_ms,
        now_ms,
        None,
        change.ratio / (1.0 + change.ratio),
        float(f"{lead.value:.7g}"),
        float(f"{lead.wanted:.7g}"),
        None,
        None,
        infos[lead.series].unit,
        "",
        lead.series,
        of=e.APART if change.by_relation else e.TOGETHER,
        contributors=shares,
    )


def _path(info: SeriesInfo, place: Place) -> str:
    """The channel's name, with as much of its place as the event does not tell."""
    if (info.group, info.node, info.device) == place:
        return info.metric
    if (info.group, info.node) == place[:2]:
        return info.channel
    return f"{info.node}/{info.channel}"
