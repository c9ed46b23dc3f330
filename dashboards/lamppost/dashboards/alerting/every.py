"""All groups of rules."""

from dataclasses import replace

from lamppost.dashboards.alerting.city import CITY, DATA, NOW
from lamppost.dashboards.alerting.platform import ALIVE, CANARIES, PLATFORM
from lamppost.dashboards.alerting.receivers import Receivers
from lamppost.dashboards.alerting.rule import Group
from lamppost.dashboards.asked import Asked

GROUPS = (NOW, CITY, DATA, PLATFORM, CANARIES, ALIVE)


def every_group(receivers: Receivers) -> tuple[Group, ...]:
    """Return the groups with the rules that have somebody to be sent to."""
    left_out = receivers.rules_without()
    kept = (
        replace(group, rules=tuple(one for one in group.rules if one.name not in left_out))
        for group in GROUPS
    )
    return tuple(group for group in kept if group.rules)


def every_query() -> tuple[Asked, ...]:
    """Return the queries of all rules."""
    return tuple(
        asked for group in GROUPS for rule in group.rules for asked in rule.asked(group.name)
    )
