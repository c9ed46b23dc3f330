"""Kinds of sensor: what is asked of a channel by what it measures, as data.

A birth declares a channel's class and unit; the kind that knows the class, else the unit, gives
its profile. A configuration may change a kind (`[profiles.KIND]`) and, over that, the channels
whose name fits a pattern (`[[channels]]`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from fnmatch import fnmatchcase
from typing import Any

from lamppost.aggregator.settings.rules import Problem, Rule, number, ruled

MAX_PATTERNS = 1_000
DEFAULT_KIND = "default"


@dataclass(frozen=True, slots=True)
class SensorProfile:
    """What may differ from kind to kind; 1 is what the detection page describes."""

    level_factor: float = ruled(number(0.1, 100, "times the channel's own noise"), 1.0)
    spike_factor: float = ruled(number(0.1, 100, "times the usual height"), 1.0)
    stuck_factor: float = ruled(number(0.1, 1_000, "times the usual patience"), 1.0)
    silence_factor: float = ruled(number(0.1, 1_000, "times the usual patience"), 1.0)
    false_a_week: float = ruled(number(0.001, 100, "false alarms a sensor-week"), 0.35)
    rate_per_s: float = ruled(
        number(0, 1e30, "of its unit a second, 0 for what the birth declares"), 0.0
    )


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of sensor: the classes and (UCUM) units by which it is known, and its profile."""

    classes: tuple[str, ...]
    units: tuple[str, ...]
    profile: SensorProfile


KINDS: dict[str, Kind] = {
    DEFAULT_KIND: Kind((), (), SensorProfile()),
    # Rests for weeks in dry weather, rises within minutes, and that is what it is for.
    "water_level": Kind(
        ("water_level", "level", "tide"), (), SensorProfile(stuck_factor=2.0, false_a_week=0.2)
    ),
    # A lorry beside the mast is a real peak and not the sensor's.
    "air_quality": Kind(
        ("air_quality", "particulates", "gas"),
        ("ug/m3", "[ppb]", "[ppm]"),
        SensorProfile(level_factor=1.5, spike_factor=2.0),
    ),
    # Counts scatter with their size, and no car passes at night.
    "traffic_count": Kind(
        ("traffic_count", "traffic", "vehicles"),
        ("{vehicles}", "{vehicles}/h"),
        SensorProfile(level_factor=1.5, spike_factor=2.0, stuck_factor=3.0),
    ),
    "temperature": Kind(
        ("temperature",), ("Cel", "[degF]"), SensorProfile(stuck_factor=1.5, false_a_week=0.2)
    ),
    # Heavy tails: every passing train is far out.
    "vibration": Kind(
        ("vibration", "acceleration", "strain"),
        ("m/s2", "mm/s", "[g]"),
        SensorProfile(level_factor=1.5, spike_factor=1.5),
    ),
    "energy": Kind(
        ("energy", "counter"), ("kW.h", "W.h", "MW.h"), SensorProfile(stuck_factor=3.0)
    ),
}


@dataclass(frozen=True, slots=True)
class Profiles:
    """The profiles in force.

    Attributes:
        kinds: what a configuration changed of a kind, by its name.
        channels: pattern of GROUP/NODE/[DEVICE/]METRIC, and what is changed of those; of
            several that fit, later ones win.
    """

    kinds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    channels: tuple[tuple[str, Mapping[str, float]], ...] = ()

    def of(self, name: str, channel_class: str, unit: str) -> SensorProfile:
        """The profile of a channel, by its full name and what its birth declares."""
        kind = kind_of(channel_class, unit)
        profile = replace(KINDS[kind].profile, **self.kinds.get(kind, {}))
        for pattern, changes in self.channels:
            if fnmatchcase(name, pattern):
                profile = replace(profile, **changes)
        return profile


def kind_of(channel_class: str, unit: str) -> str:
    """The name of the kind that knows the class; else of the one that knows the unit."""
    for name, kind in KINDS.items():
        if channel_class in kind.classes:
            return name
    known = (name for name, kind in KINDS.items() if unit in kind.units)
    return next(known, DEFAULT_KIND)


def read_profiles(document: Mapping[str, Any], file: str, problems: list[Problem]) -> Profiles:
    """Check `[profiles.KIND]` and `[[channels]]`; what is wrong goes to `problems`."""
    kinds: dict[str, dict[str, float]] = {}
    tables = document.get("profiles", {})
    if not isinstance(tables, dict):
        problems.append(Problem(file, "[profiles]", tables, "tables [profiles.KIND]"))
        tables = {}
    for name, table in tables.items():
        if name in KINDS:
            kinds[name] = _changes(table, f"[profiles.{name}]", file, problems)
        else:
            allowed = "one of " + ", ".join(f"[profiles.{known}]" for known in KINDS)
            problems.append(Problem(file, f"[profiles.{name}]", table, allowed))
    patterns = document.get("channels", [])
    if not isinstance(patterns, list) or len(patterns) > MAX_PATTERNS:
        allowed = f"[[channels]] tables, at most {MAX_PATTERNS}"
        problems.append(Problem(file, "[[channels]]", type(patterns).__name__, allowed))
        patterns = []
    channels = []
    for count, table in enumerate(patterns, 1):
        where = f"[[channels]] number {count}"
        match = table.get("match") if isinstance(table, dict) else None
        if not isinstance(match, str) or not match:
            allowed = "a pattern of GROUP/NODE/DEVICE/METRIC, such as */*/pump-*/flow"
            problems.append(Problem(file, f"{where}: match", match, allowed))
            continue
        rest = {key: value for key, value in table.items() if key != "match"}
        channels.append((match, _changes(rest, where, file, problems)))
    return Profiles(kinds, tuple(channels))


def _changes(table: object, where: str, file: str, problems: list[Problem]) -> dict[str, float]:
    if not isinstance(table, dict):
        problems.append(Problem(file, where, table, "a table"))
        return {}
    rules: dict[str, Rule] = {one.name: one.metadata["rule"] for one in fields(SensorProfile)}
    found: dict[str, float] = {}
    for key, came in table.items():
        if key not in rules:
            allowed = "one of " + ", ".join(rules)
            problems.append(Problem(file, f"{where}: {key}", came, allowed))
            continue
        try:
            found[key] = rules[key].check(came)
        except (ValueError, TypeError):
            problems.append(Problem(file, f"{where}: {key}", came, rules[key].allowed))
    return found
