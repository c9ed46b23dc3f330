"""Rows of a made-up city: readings, states, alarms, rollups and nodes."""

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import product

from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.store.seam import Sample
from lamppost.bench.boards_city import (
    CLASSES,
    DAY_MS,
    HOST,
    HOUR_MS,
    MINUTE_MS,
    Asset,
    City,
)
from lamppost.wire import series as s


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


def _works(city: City) -> Iterator[Sample]:
    """An hour of work on each node."""
    for node, assets in city.places.items():
        tags = {"group": assets[0].group, "node": node}
        since_ms = city.now_ms - 3 * HOUR_MS
        yield Sample(s.MAINTENANCE, since_ms, tags, {
            "until_ms": since_ms + HOUR_MS, "reason": "new impeller",
        })  # fmt: skip


def events(city: City) -> Iterator[Event]:
    """Yield an event of each asset with an open incident; some of them chatter."""
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


PARTS = (_readings, _states, _alarms, _rollups, _nodes, _works)
