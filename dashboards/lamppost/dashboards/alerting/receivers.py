"""Who is told: contact points, the tree that chooses between them, and when it is quiet."""

from dataclasses import dataclass
from typing import Any

from lamppost.dashboards.alerting.platform import CANARY_SINGS, WATCHDOG
from lamppost.dashboards.alerting.rule import ADVISORY, CRITICAL

NIGHT = "lamppost night"
"""When advice is not told. Times are UTC, which every version understands."""
OURS = ["lamppost", "=~", ".+"]
"""The matcher of the one route that holds all of ours; by it we know it again."""


@dataclass(frozen=True, slots=True)
class Receivers:
    """Webhooks; a URL each.

    Attributes:
        notify: for warnings and advice: a ticket or a channel.
        page: wakes someone; `notify` when empty.
        watchdog: on another machine, with its own way to people; no watchdog when empty.
        canary: measures the canary's arrival; no canary rule when empty.
    """

    notify: str
    page: str = ""
    watchdog: str = ""
    canary: str = ""

    @property
    def points(self) -> dict[str, str]:
        """Return name to URL of those there are."""
        named = {
            "lamppost-notify": self.notify,
            "lamppost-page": self.page or self.notify,
            "lamppost-watchdog": self.watchdog,
            "lamppost-canary": self.canary,
        }
        return {name: url for name, url in named.items() if url}

    def rules_without(self) -> set[str]:
        """Return the names of rules that have nobody to be sent to."""
        signs = {WATCHDOG.name: self.watchdog, CANARY_SINGS.name: self.canary}
        return {name for name, url in signs.items() if not url}


def contact_points(receivers: Receivers) -> list[dict[str, Any]]:
    """Return the contact points as the API has them."""
    return [
        {
            "uid": name,
            "name": name,
            "type": "webhook",
            "settings": {"url": url, "httpMethod": "POST"},
            "disableResolveMessage": name == "lamppost-watchdog",
        }
        for name, url in receivers.points.items()
    ]


def mute_timings() -> list[dict[str, Any]]:
    """Return the mute timings: advice waits for the morning, and for Monday."""
    night = [
        {"start_time": "00:00", "end_time": "06:00"},
        {"start_time": "20:00", "end_time": "24:00"},
    ]
    return [
        {
            "name": NIGHT,
            "time_intervals": [{"times": night}, {"weekdays": ["saturday", "sunday"]}],
        }
    ]


def route(receivers: Receivers) -> dict[str, Any]:
    """Return our part of the tree of policies: one route, with the rest below it.

    Alerts are grouped by rule, so ten districts are one message. What is repeated waits a
    multiple of the group's interval, as Alertmanager asks.
    """
    routes = [
        _to("lamppost-watchdog", ["lamppost", "=", WATCHDOG.name], "1s", "1m", "5m"),
        _to("lamppost-canary", ["lamppost", "=", CANARY_SINGS.name], "1s", "1m", "1h"),
        _to("lamppost-page", ["severity", "=", CRITICAL], "1s", "1m", "1h"),
        _to("lamppost-notify", ["severity", "=", ADVISORY], "5m", "1h", "1d")
        | {"mute_time_intervals": [NIGHT]},
    ]
    kept = [one for one in routes if one["receiver"] in receivers.points]
    return _to("lamppost-notify", OURS, "30s", "5m", "4h") | {"routes": kept}


def _to(
    receiver: str, matcher: list[str], wait: str, interval: str, repeat: str
) -> dict[str, Any]:
    return {
        "receiver": receiver,
        "object_matchers": [matcher],
        "group_by": ["alertname"],
        "group_wait": wait,
        "group_interval": interval,
        "repeat_interval": repeat,
    }
