"""A small seeded city behind the live view, all in memory."""

import math
import random
import threading
from dataclasses import replace

from lamppost.register.live import (
    ChannelView,
    EventView,
    HealthView,
    History,
    IncidentView,
    LedgerView,
    MaintenanceView,
    NodeView,
    Snapshot,
)

GROUP = "riverside"
MINUTE_MS, HOUR_MS = 60_000, 3_600_000

PUMP = (
    ("flow", "L/s", 42.0, 2.5),
    ("pressure", "kPa", 412.0, 9.0),
    ("level", "m", 2.4, 0.15),
    ("motor_current", "A", 18.2, 0.8),
    ("vibration", "mm/s", 1.9, 0.35),
    ("running", "", True, 0.0),
    ("mode", "", "automatic", 0.0),
)
LIGHTS = (
    ("voltage", "V", 231.0, 3.0),
    ("current", "A", 12.6, 0.9),
    ("power", "W", 2_830.0, 180.0),
    ("door_open", "", False, 0.0),
)
AIR = (
    ("pm2_5", "ug/m3", 11.3, 4.0),
    ("no2", "ug/m3", 23.8, 6.5),
    ("temperature", "Cel", 8.4, 1.2),
    ("humidity", "%", 71.0, 6.0),
)
DEVICES = (
    ("pump-station-1", "pump-1", PUMP),
    ("pump-station-1", "pump-2", PUMP),
    ("pump-station-1", "pump-3", PUMP),
    ("lights-west", "cabinet-1", LIGHTS),
    ("lights-west", "cabinet-2", LIGHTS),
    ("lights-west", "cabinet-3", LIGHTS),
    ("air-mast-7", "mast", AIR),
)


class City:
    """A live view whose state tests change as they like.

    Args:
        now_ms: The clock the city starts at; `tick` moves it.
        seed: Seed of the noise.
    """

    def __init__(self, now_ms: int, seed: int = 7) -> None:
        self.now_ms = now_ms
        self.fault: Exception | None = None
        self.history_fault: Exception | None = None
        self.hold = threading.Event()
        self.hold.set()
        self.calls = 0
        self._random = random.Random(seed)
        self.nodes = {name: self._node(name) for name in dict.fromkeys(d[0] for d in DEVICES)}
        self.channels = {
            (GROUP, node, device, row[0]): self._channel(node, device, row)
            for node, device, rows in DEVICES
            for row in rows
        }
        self.events: list[EventView] = []
        self.incidents: list[IncidentView] = []
        self.maintenance: list[MaintenanceView] = []
        self.hidden = 0
        self.ledger = [self._books(name) for name in self.nodes]
        self.health = HealthView(
            started_ms=now_ms - HOUR_MS,
            broker="ok",
            store="ok",
            spool="ok",
            received=71_284,
            judged=71_230,
            stored=71_230,
            quarantined=0,
            dropped=0,
            rebirths_asked=1,
            seq_gaps=0,
            latency_p50_ms=212.0,
            latency_p99_ms=480.0,
            warnings=(),
        )

    def snapshot(self) -> Snapshot:
        """Return the present state, or fail as told."""
        self.calls += 1
        self.hold.wait()
        if self.fault is not None:
            raise self.fault
        return Snapshot(
            time_ms=self.now_ms,
            nodes=tuple(self.nodes.values()),
            channels=tuple(self.channels.values()),
            events=tuple(self.events),
            ledger=tuple(self.ledger),
            health=self.health,
            incidents=tuple(self.incidents),
            maintenance=tuple(self.maintenance),
            hidden=self.hidden,
        )

    def history(
        self,
        group: str,
        node: str,
        device: str,
        metric: str,
        from_ms: int,
        to_ms: int,
        step_ms: int,
    ) -> History:
        """Return a smooth made-up past around the channel's present value."""
        if self.history_fault is not None:
            raise self.history_fault
        channel = self.channels[(group, node, device, metric)]
        times = tuple(range(from_ms, to_ms, step_ms))
        if channel.expected is None or channel.low is None or channel.high is None:
            none = (None,) * len(times)
            return History(
                times, (channel.value,) * len(times), none, none, none, ((),) * len(times)
            )
        half = (channel.high - channel.low) / 2
        expected = tuple(channel.expected + half * 0.8 * math.sin(t / 6e5) for t in times)
        noise = random.Random(metric)
        values = tuple(mean + noise.gauss(0, half * 0.25) for mean in expected)
        last = len(times) // 6 if channel.flags else 0
        shift = 0.0 if isinstance(channel.value, str) else float(channel.value or 0.0)
        values = values[: len(values) - last] + (shift,) * last
        flags = ((),) * (len(times) - last) + (channel.flags,) * last
        return History(
            times,
            values,
            expected,
            tuple(mean - half for mean in expected),
            tuple(mean + half for mean in expected),
            flags,
        )

    def tick(self, seconds: float = 1.0) -> None:
        """Move on: the clock, and every good numeric channel a little."""
        self.now_ms += int(seconds * 1_000)
        for name, node in self.nodes.items():
            if node.online:
                self.nodes[name] = replace(node, last_seen_ms=self.now_ms - 300)
        for key, channel in self.channels.items():
            if channel.stale:
                continue
            value = channel.value
            if isinstance(value, float) and channel.expected is not None and not channel.flags:
                half = ((channel.high or 0.0) - (channel.low or 0.0)) / 2
                value = channel.expected + self._random.gauss(0, half * 0.35)
            self.channels[key] = replace(channel, value=value, time_ms=self.now_ms - 400)

    def change(self, device: str, metric: str, **changes: object) -> None:
        """Change one channel."""
        key = next(k for k in self.channels if k[2:] == (device, metric))
        self.channels[key] = replace(self.channels[key], **changes)  # type: ignore[arg-type]

    def go_stale(self, device: str, metric: str, for_ms: int = 4 * MINUTE_MS) -> None:
        """Make one channel silent."""
        self.change(device, metric, stale=True, time_ms=self.now_ms - for_ms)

    def go_offline(self, name: str, for_ms: int = 3 * MINUTE_MS) -> None:
        """Take one node and its channels away."""
        then = self.now_ms - for_ms
        self.nodes[name] = replace(
            self.nodes[name], online=False, since_ms=then, last_seen_ms=then, pending=412
        )
        for key, channel in self.channels.items():
            if channel.node == name:
                self.channels[key] = replace(channel, stale=True, time_ms=then)
        self.events.append(
            event(
                "offline-1",
                "communication",
                "node_offline",
                name,
                then,
                severity=0.5,
                reason=f"{name} has not been heard of for 3 min; it announced nothing.",
            )
        )

    def leak(self) -> None:
        """Start a leak at pump-1: a process anomaly."""
        self.change("pump-1", "flow", value=55.1, flags=("anomaly",), severity=0.8)
        self.events.append(
            event(
                "leak-1",
                "process_anomaly",
                "level_shift",
                "pump-station-1",
                self.now_ms - 2 * MINUTE_MS,
                device="pump-1",
                channel="flow",
                severity=0.8,
                reason="Flow is 55.1 L/s where 42.0 was expected (band 39.5 to 44.5 L/s), "
                "for 2 min, while pressure fell with it.",
            )
        )

    def burst(self) -> None:
        """Burst a pipe at pump-1: one incident with three events."""
        onset_ms = self.now_ms - 2 * MINUTE_MS
        told = (("flow", 0.9, "rose to 55.1 L/s"), ("pressure", 0.8, "fell to 371 kPa"),
                ("level", 0.6, "fell to 1.9 m"))  # fmt: skip
        for channel, severity, what in told:
            one = event(
                f"burst-{channel}",
                "process_anomaly",
                "deviation",
                "pump-station-1",
                onset_ms,
                device="pump-1",
                channel=channel,
                severity=severity,
                reason=f"{channel} at riverside/pump-station-1/pump-1 {what}",
            )
            self.events.append(replace(one, incident="incident-1"))
        self.incidents.append(
            IncidentView(
                id="incident-1",
                incident_class="process_anomaly",
                kind="deviation",
                group=GROUP,
                node="pump-station-1",
                device="pump-1",
                opened_ms=onset_ms,
                detected_ms=onset_ms + 3_000,
                closed_ms=None,
                severity=0.9,
                channels=("flow", "pressure", "level"),
                events=3,
                open_events=3,
                notified=True,
                reason="flow rose to 55.1 L/s (expected 39.5 to 44.5); also pressure, level",
            )
        )

    def work(self) -> None:
        """Let somebody work at pump-2."""
        until_ms = self.now_ms + HOUR_MS
        self.maintenance.append(
            MaintenanceView(
                GROUP, "pump-station-1", "pump-2", self.now_ms, until_ms, "A. Fitter",
                "new impeller",
            )
        )  # fmt: skip

    def stick(self) -> None:
        """Let a sensor of pump-2 get stuck: a sensor fault."""
        self.change("pump-2", "pressure", value=409.6, flags=("stuck",), severity=0.5)
        self.events.append(
            event(
                "stuck-1",
                "sensor_fault",
                "stuck",
                "pump-station-1",
                self.now_ms - 7 * MINUTE_MS,
                device="pump-2",
                channel="pressure",
                severity=0.5,
                reason="Pressure has reported exactly 409.6 kPa 84 times in a row; "
                "its own noise makes 4 in a row unlikely.",
            )
        )

    def over(self) -> None:
        """Add an event that is over."""
        gone = event(
            "spike-1",
            "sensor_fault",
            "spike",
            "air-mast-7",
            self.now_ms - 20 * MINUTE_MS,
            device="mast",
            channel="no2",
            severity=0.2,
            reason="NO2 jumped to 214 ug/m3 for one reading.",
        )
        self.events.append(replace(gone, end_ms=self.now_ms - 18 * MINUTE_MS))

    def _node(self, name: str) -> NodeView:
        drivers = "; ".join(
            f"modbus:{device} ok" for node, device, _ in DEVICES if node == name
        )
        return NodeView(
            group=GROUP,
            name=name,
            online=True,
            since_ms=self.now_ms - HOUR_MS,
            last_seen_ms=self.now_ms - 300,
            autonomy_h={"pump-station-1": 61.0, "lights-west": 340.0}.get(name, 118.0),
            pending=0,
            evicted=0,
            buffer_full=False,
            disk_full=False,
            clock_offset_ms=14.0,
            drivers=drivers,
            version="0.1.0",
            acks=True,
        )

    def _channel(
        self, node: str, device: str, row: tuple[str, str, float | bool | str, float]
    ) -> ChannelView:
        metric, unit, value, half = row
        judged = isinstance(value, float)
        center = float(value) if isinstance(value, float) else 0.0
        return ChannelView(
            group=GROUP,
            node=node,
            device=device,
            metric=metric,
            unit=unit,
            value=value,
            time_ms=self.now_ms - 400,
            expected=center if judged else None,
            low=center - half if judged else None,
            high=center + half if judged else None,
            flags=(),
            severity=0.0,
            stale=False,
        )

    def _books(self, name: str) -> LedgerView:
        taken = self._random.randrange(8_000, 30_000)
        return LedgerView(
            group=GROUP,
            node=name,
            day="2026-03-02",
            taken=taken,
            stored=taken - 12,
            evicted=0,
            in_flight=12,
            lost=0,
            duplicates=0,
        )


def event(
    event_id: str,
    event_class: str,
    kind: str,
    node: str,
    onset_ms: int,
    *,
    device: str = "",
    channel: str = "",
    severity: float = 0.4,
    reason: str = "",
) -> EventView:
    """Return an open event."""
    return EventView(
        id=event_id,
        event_class=event_class,  # type: ignore[arg-type]
        kind=kind,
        group=GROUP,
        node=node,
        device=device,
        channel=channel,
        onset_ms=onset_ms,
        detected_ms=onset_ms + 8_000,
        end_ms=None,
        severity=severity,
        reason=reason,
    )
