"""Rows of a made-up city: the platform itself, and what the register publishes."""

from collections.abc import Iterator
from itertools import product

from lamppost.aggregator.store.seam import Sample
from lamppost.bench.boards_city import (
    DAY_MS,
    HOST,
    HOUR_MS,
    MINUTE_MS,
    Asset,
    City,
    Fields,
)
from lamppost.wire import series as s


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


def _quality(city: City, asset: Asset) -> Iterator[Sample]:
    """What the register tells: of the device each quarter, of its streams the day before."""
    where = {**asset.place, "district": asset.district}
    good = 0.99 if asset.number % 10 else 0.8
    parts: Fields = dict.fromkeys(("score", "completeness", "validity", "timeliness"), good)
    for time_ms in range(city.now_ms - 2 * HOUR_MS, city.now_ms + 1, 15 * MINUTE_MS):
        yield Sample(s.QUALITY, time_ms, where, {
            **parts, "age_s": 3.0, "n": 15 * len(city.metrics), "bad_n": 1, "late_n": 1,
            "gaps": 1, "series": len(city.metrics),
        })  # fmt: skip
    day_ms = city.now_ms - city.now_ms % DAY_MS - DAY_MS
    for metric in city.metrics:
        yield Sample(s.QUALITY, day_ms, {**where, "metric": metric}, {
            **parts, **dict.fromkeys(("consistency", "uniqueness", "accuracy"), 1.0),
            "n": 1_440, "bad_n": 14, "late_n": 3, "gaps": 2, "series": 1,
        })  # fmt: skip


def _register(city: City) -> Iterator[Sample]:
    for asset in city.assets:
        yield from _quality(city, asset)
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


PARTS = (_platform, _register)
