"""A city's worth of rows for boards: what is in each measurement, made, not measured.

Every row is built from the names in `lamppost.wire.series` and written by the line builder of
the stores, so a board that works on this city works on a real one. The same city comes out each
time.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.store.lineprotocol import event_line, sample_line
from lamppost.aggregator.store.seam import Sample
from lamppost.wire import series as s

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
HOST = "aggregator-1"
CLASSES = ("sensor_fault", "process_anomaly", "communication")
Row = tuple[s.Database, str]
Fields = dict[str, float | str | None]


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset, its only device, and where it stands."""

    number: int
    name: str
    asset_class: str
    district: str
    node: str
    device: str
    group: str

    @property
    def tags(self) -> dict[str, str]:
        """The tags of an asset's rows."""
        place = {"group": self.group, "node": self.node, "device": self.device}
        kind = {"asset_class": self.asset_class, "district": self.district}
        return {"asset": self.name, **kind, **place}

    @property
    def place(self) -> dict[str, str]:
        """The tags of its readings, but for the metric."""
        return {"device": self.device, "group": self.group, "node": self.node}

    @property
    def spot(self) -> dict[str, float]:
        """Where it is."""
        angle = self.number * 2.399963  # the golden angle spreads them evenly
        away = 0.05 * math.sqrt((self.number % 997) / 997)
        return {"lat": 50.1 + away * math.cos(angle), "lon": 8.7 + away * math.sin(angle)}


@dataclass(frozen=True, slots=True)
class City:
    """How large it is, and how long it has been watched.

    Attributes:
        assets: all of them.
        metrics: of each asset.
        now_ms: when it is looked at.
        hours: of history.
        readings_every_ms: of each sensor.
        states_every_ms: of each asset.
        abnormal: how many assets have an open incident.
    """

    assets: tuple[Asset, ...]
    metrics: tuple[str, ...]
    now_ms: int
    hours: int
    readings_every_ms: int
    states_every_ms: int
    abnormal: int

    @property
    def ill(self) -> dict[Asset, int]:
        """The assets with an open incident, spread over the city, and its level."""
        spread = self.assets[:: max(1, len(self.assets) // self.abnormal)][: self.abnormal]
        return {asset: 1 + place % 3 for place, asset in enumerate(spread)}

    @property
    def places(self) -> dict[str, list[Asset]]:
        """Assets by node."""
        nodes: dict[str, list[Asset]] = {}
        for asset in self.assets:
            nodes.setdefault(asset.node, []).append(asset)
        return nodes

    def times(self, every_ms: int) -> range:
        """From the beginning to now, not later."""
        return range(self.now_ms - self.hours * HOUR_MS, self.now_ms + 1, every_ms)


def assets_of(
    districts: tuple[str, ...],
    classes: tuple[str, ...],
    nodes: int,
    devices: int,
    name: str = "{}",
    first: int = 0,
) -> tuple[Asset, ...]:
    """Return assets: `devices` for each of `nodes` nodes for each of `districts`.

    Args:
        districts: their names.
        classes: taken in turn.
        nodes: in each district.
        devices: on each node, an asset each.
        name: "{}" in it becomes the number of the asset, node or device.
        first: the number of the first one.
    """
    places = product(range(len(districts)), range(nodes), range(devices))
    return tuple(
        Asset(
            number,
            name.format(f"asset-{number}"),
            classes[number % len(classes)],
            districts[district],
            name.format(f"node-{district}-{node}"),
            name.format(f"device-{device}"),
            "g1",
        )
        for number, (district, node, device) in enumerate(places, first)
    )


def rows(city: City) -> Iterator[Row]:
    """Yield the lines of the city with the database of each."""
    for part in (_readings, _states, _alarms, _rollups, _nodes, _platform, _register):
        for sample in part(city):
            yield sample.measurement.database, sample_line(sample)
    for event in _events(city):
        yield s.EVENT.database, event_line(event)


def _wave(number: int, time_ms: int) -> float:
    return 20 + number % 7 + 3 * math.sin(time_ms / DAY_MS * math.tau + number)


def _readings(city: City) -> Iterator[Sample]:
    ill = city.ill
    for asset, metric in product(city.assets, city.metrics):
        tags = {**asset.place, "metric": metric}
        for time_ms in city.times(city.readings_every_ms):
            expected = _wave(asset.number, time_ms)
            abnormal = asset in ill and time_ms > city.now_ms - HOUR_MS
            fields = {
                "value": expected + (6 if abnormal else 0.3),
                "expected": expected,
                "low": expected - 1,
                "high": expected + 1,
                "score": 0.9 if abnormal else 0.01,
                "severity": 0.8 if abnormal else 0.0,
                "flags": 0,
            }
            yield Sample(s.READING, time_ms, tags, fields)
    for asset_class, district in sorted(
        {(one.asset_class, one.district) for one in city.assets}
    ):
        for metric, time_ms in product(city.metrics, city.times(10 * MINUTE_MS)):
            tags = {"asset_class": asset_class, "district": district, "host": HOST}
            middle = _wave(3, time_ms)
            fields = {"n": 5, "low": middle - 2, "median": middle, "high": middle + 2}
            yield Sample(s.PEERS, time_ms, {**tags, "metric": metric}, fields)


def _states(city: City) -> Iterator[Sample]:
    ill = city.ill
    for asset in city.assets:
        for time_ms in city.times(city.states_every_ms):
            level = ill.get(asset, 0) if time_ms > city.now_ms - HOUR_MS else 0
            stale = int(asset.number % 23 == 22 and asset not in ill)
            code = s.STATES.index("stale") if stale else level
            yield Sample(s.ASSET_STATE, time_ms, asset.tags, {
                "code": code, "level": level, "stale": stale, "maintenance": 0,
                "open_events": int(level > 0), "severity": level / 3,
                "condition": 1.0 + asset.number % 4, **asset.spot,
                "state": s.STATES[code], "name": asset.name,
            })  # fmt: skip


def _alarms(city: City) -> Iterator[Sample]:
    """An hour of open incidents, a row each minute, and the incidents themselves."""
    for asset, level in city.ill.items():
        kind = CLASSES[level % 3]
        opened_ms = city.now_ms - HOUR_MS
        reason = f"flow rose to {asset.number} L/s (expected 38 to 42); also pressure"
        about = {"name": asset.name, "kind": "deviation", "reason": reason}
        for time_ms in range(opened_ms, city.now_ms + 1, MINUTE_MS):
            yield Sample(s.ALARM, time_ms, {**asset.tags, "class": kind}, {
                "level": level, "open_events": 1, "notified": 1, "acked": int(level < 2),
                "shelved": 0, "opened_ms": opened_ms, "severity": level / 3.1,
                "score": level / 3, "age_s": (time_ms - opened_ms) / 1e3, **asset.spot,
                **about, "incident": f"incident-{asset.number}",
            })  # fmt: skip
        yield Sample(s.INCIDENT, opened_ms, asset.place, {
            "id": f"incident-{asset.number}", "asset": asset.name, "class": kind, **about,
            "asset_class": asset.asset_class, "district": asset.district,
            "channels": "flow, pressure", "open": 1, "level": level, "notified": 1,
            "events": 1, "open_events": 1, "acked": int(level < 2), "shelved": 0,
            "false_alarm": int(asset.number % 4 == 0), "detected_ms": opened_ms + 5000,
            "severity": level / 3,
        })  # fmt: skip


def _counts(city: City, chosen: Callable[[Asset], bool]) -> dict[str, float]:
    assets = [asset for asset in city.assets if chosen(asset)]
    ill = city.ill
    levels = [ill.get(asset, 0) for asset in assets]
    stale = sum(asset.number % 23 == 22 and asset not in ill for asset in assets)
    wrong = sum(level > 0 for level in levels)
    spots = [asset.spot for asset in assets]
    channels = len(assets) * len(city.metrics)
    return {
        "assets": len(assets),
        "ok": len(assets) - wrong - stale,
        **{name: levels.count(code) for code, name in enumerate(s.LEVELS) if code},
        "stale": stale,
        "maintenance": 0,
        "sensor_faults": wrong // 3,
        "process_anomalies": wrong - 2 * (wrong // 3),
        "communication": wrong // 3,
        "open_incidents": wrong,
        "unacked": wrong // 2,
        "shelved": 0,
        "opened": 0,
        "channels": channels,
        "channels_stale": stale * len(city.metrics),
        "lat": math.fsum(spot["lat"] for spot in spots) / max(1, len(spots)),
        "lon": math.fsum(spot["lon"] for spot in spots) / max(1, len(spots)),
    }


def _rollups(city: City) -> Iterator[Sample]:
    """Every minute of the whole history: all that panels over the city read."""
    for measurement in s.ROLLUPS:
        names = [tag for tag in measurement.tags if tag != "host"]
        cells = sorted({tuple(getattr(one, name) for name in names) for one in city.assets})
        for cell in cells:
            tags = dict(zip(names, cell, strict=True))

            def inside(asset: Asset, tags: Mapping[str, str] = tags) -> bool:
                return all(getattr(asset, name) == value for name, value in tags.items())

            fields = _counts(city, inside)
            for time_ms in city.times(MINUTE_MS):
                yield Sample(measurement, time_ms, {**tags, "host": HOST}, fields)


def _nodes(city: City) -> Iterator[Sample]:
    for number, (node, assets) in enumerate(city.places.items()):
        tags = {"district": assets[0].district, "group": assets[0].group, "node": node}
        for time_ms in city.times(5 * MINUTE_MS):
            online = int(number % 7 != 6 or time_ms < city.now_ms - 2 * HOUR_MS)
            yield Sample(s.NODE_HEALTH, time_ms, tags, {
                "online": online, "acks": 1, "buffer_full": 0, "disk_full": 0,
                "pending": 40 + number % 7 + 9000 * (1 - online), "evicted": 0,
                "channels": len(assets) * len(city.metrics), "channels_stale": 0,
                "last_seen_ms": time_ms - (1 - online) * HOUR_MS, "since_ms": city.now_ms,
                "silent_s": 2.0 if online else 3600.0, "autonomy_h": 30.0 + number % 50,
                "clock_offset_ms": 3.0 * (number % 11), "cpu_pct": 12.0, "mem_pct": 40.0,
                "disk_pct": 33.0, "temperature_cel": 40.0 + _wave(number, time_ms) / 4,
                "battery_v": 12.6 - number % 5 / 10, **assets[0].spot,
                "version": f"0.{1 + number % 3}.0", "drivers": "modbus", "name": node,
            })  # fmt: skip


def _platform(city: City) -> Iterator[Sample]:
    for step, time_ms in enumerate(city.times(MINUTE_MS)):
        counted = dict.fromkeys(("received", "judged", "stored"), step * 60_000)
        aside = dict.fromkeys(
            ("quarantined", "dropped", "rebirths_asked", "seq_gaps"), step // 99
        )
        works = dict.fromkeys(("broker_ok", "store_ok", "spool_ok"), 1)
        yield Sample(s.PIPELINE, time_ms, {"host": HOST}, {
            **counted, **aside, **works, "warnings": 0, "nodes": len(city.places),
            "nodes_online": len(city.places), "channels": len(city.assets), "hidden": 0,
            "channels_stale": 0, "open_events": city.abnormal, "store_failures": 0,
            "open_incidents": city.abnormal, "spool_bytes": 1 << 28, "too_old": 0,
            "spool_limit_bytes": 1 << 30, "store_lag_bytes": 4096, "memory_bytes": 1 << 29,
            "disk_free_bytes": 3 << 33, "disk_bytes": 1 << 36, "dead_letters": 0,
            "uptime_s": step * 60.0, "latency_p50_ms": 40.0, "latency_p99_ms": 210.0,
            "cpu_pct": 35.0, "store_lag_s": 1.2,
        })  # fmt: skip
        for stage, share in (("decode", 12.0), ("judge", 30.0), ("spool", 8.0)):
            fields = {"busy_s": step * share, "share_pct": share}
            yield Sample(s.STAGE, time_ms, {"host": HOST, "stage": stage}, fields)
        for slo, span in product(("delivered", "judged"), ("5m", "1h", "6h", "3d")):
            budget: Fields = {"burn": 0.4, "ratio": 0.9996, "objective": 0.999, "good": 9996,
                      "total": 10_000}  # fmt: skip
            yield Sample(s.SLO, time_ms, {"host": HOST, "slo": slo, "span": span}, budget)
    for time_ms in city.times(10 * MINUTE_MS):
        took = {"detect_ms": 900.0, "stored_ms": 1500.0, "delivered_ms": 21_000.0}
        told: Fields = {"ok": 1, "alarm": 0, "id": f"canary-{time_ms}"}
        yield Sample(s.CANARY, time_ms, {"host": HOST}, {**told, **took})


def _register(city: City) -> Iterator[Sample]:
    for asset in city.assets:
        where = {**asset.place, "district": asset.district}
        good = 0.99 if asset.number % 10 else 0.8
        for time_ms in range(city.now_ms - 2 * HOUR_MS, city.now_ms + 1, 15 * MINUTE_MS):
            yield Sample(s.QUALITY, time_ms, where, {
                **dict.fromkeys(("score", "completeness", "validity", "timeliness"), good),
                **dict.fromkeys(("consistency", "uniqueness", "accuracy"), 1.0),
                "late_s": 0.4, "age_s": 3.0, "n": 900, "bad_n": 9, "late_n": 2, "dup": 1,
                "gaps": 1, "series": len(city.metrics), "bytes": 72_000,
            })  # fmt: skip
        tags = {name: asset.tags[name] for name in ("asset", "asset_class", "district")}
        used = 30.0 + asset.number * 7 % 68
        days = float(20 + asset.number % 400)
        yield Sample(s.CAPACITY, city.now_ms - HOUR_MS, {**tags, "resource": "flow"}, {
            "used": used, "capacity": 100.0, "utilisation_pct": used,
            "headroom_pct": 100 - used, "p95_pct": used + 1, "peak_pct": used + 2,
            "growth_per_day": 0.1, "days_left": days, "confidence": 0.7,
            "runs_out_ms": city.now_ms + int(days * DAY_MS), "unit": "L/s",
            "basis": "nameplate", "name": asset.name,
        })  # fmt: skip
        per_day: Fields = {
            "used": used,
            "baseline": 80.0,
            "target": 60.0,
            "unit": "kWh",
            "period": "day",
        }
        yield Sample(
            s.RESOURCE_USE, city.now_ms - DAY_MS, {**tags, "resource": "energy"}, per_day
        )
    for number, district in enumerate(sorted({asset.district for asset in city.assets})):
        yield Sample(s.ALARM_SYSTEM, city.now_ms - 10 * MINUTE_MS, {"district": district}, {
            "annunciated": 4, "standing": 2, "chattering": number % 2, "floods": 0,
            "unacked": 1, "per_operator_10min": 0.4, "false_share": 0.08,
            "acked_after_s": 80.0, "repaired_after_s": 7200.0,
        })  # fmt: skip
        for month in range(6):
            yield from _indicators(city, district, month)


def _indicators(city: City, district: str, month: int) -> Iterator[Sample]:
    for number, name in enumerate(("iso37122-2019:7.6", "iso37120-2018:8.3")):
        reported = int(number == 0 or month > 0)
        fields: Fields = {
            "value": 61.5 + month if reported else None, "target": 60.0, "baseline": 40.0,
            "completeness": 0.97 if reported else 0.4, "n": 840, "reported": reported,
            "met": reported, "computed_ms": city.now_ms, "name": "Street lights managed",
            "unit": "%", "status": "final", "period": f"2026-{11 - month:02}",
            "quality_class": "A", "lineage": "sha256:1f2e",
        }  # fmt: skip
        start_ms = city.now_ms - (month + 1) * 30 * DAY_MS
        yield Sample(s.INDICATOR, start_ms, {"district": district, "indicator": name}, fields)


def _events(city: City) -> Iterator[Event]:
    for place, (asset, level) in enumerate(city.ill.items()):
        kind = "chattering" if place % 4 == 3 else "deviation"
        yield Event.from_json({
            "id": f"event-{asset.number}", "event_class": CLASSES[level % 3],
            "kind": kind, "group": asset.group, "node": asset.node, "device": asset.device,
            "channel": city.metrics[0], "onset_ms": city.now_ms - HOUR_MS,
            "detected_ms": city.now_ms - HOUR_MS + 4000, "end_ms": None, "severity": 0.8,
            "value": 47.0, "expected": 40.0, "low": 38.0, "high": 42.0, "unit": "L/s",
            "reason": "flow rose to 47 L/s (expected 38 to 42)",
            "incident": f"incident-{asset.number}",
        })  # fmt: skip
