"""The records as values: what the API and the command line show, field by field.

Times are UTC milliseconds, units UCUM. `valid_from_ms <= time < valid_to_ms` is when a record
holds; `valid_to_ms` is None while it does. Records are closed, never deleted.
"""

from dataclasses import dataclass
from typing import Any, Literal

ROLES = ("state", "capacity_use", "environment", "proxy")
"""What a channel tells of an asset: its condition, load or surroundings, or a stand-in."""

UNCERTAINTY_CLASSES = ("reference", "indicative")
"""Whether a sensor is what others are compared with, or only gives a hint."""

BASES = ("nameplate", "statutory", "design", "observed")
"""Where a capacity comes from; a capacity without a basis is not taken."""

PAGE_MAX, PAGE_DEFAULT = 1_000, 100
"""Records on a page: at most, and unless told otherwise."""

Role = Literal["state", "capacity_use", "environment", "proxy"]


@dataclass(frozen=True, slots=True)
class Kept:
    """What every record has.

    Attributes:
        id: Its name; it never changes and is never given to another record.
        created_ms: When it was entered here.
        updated_ms: When it was last changed here.
        valid_from_ms: Since when it holds.
        valid_to_ms: Until when it held; None while it holds.
    """

    id: str
    created_ms: int
    updated_ms: int
    valid_from_ms: int
    valid_to_ms: int | None


@dataclass(frozen=True, slots=True)
class Asset(Kept):
    """A thing the city runs: a pump, a bridge, a street light, or a group of them.

    Attributes:
        name: What people call it.
        asset_class: What it is, such as "pump".
        parent: The asset it is part of, or None.
        geometry: GeoJSON geometry, WGS 84, or None.
        owner: Who answers for it.
        operator: Who runs it.
        district: Where it counts.
        criticality: 1 (least) to 5 (most), or None.
        capacity: What it can take, in `capacity_unit`; None when unknown.
        capacity_unit: UCUM unit of the capacity.
        capacity_basis: One of `BASES`.
        installed_on: "YYYY-MM-DD", or None.
        design_life_years: Years it was built for.
        external_ids: Its ids elsewhere, by scheme ("gis", "bim").
        length_m: Its length, for coverage by length; None when it has none.
        population: How many people it serves, or None.
    """

    name: str
    asset_class: str
    parent: str | None
    geometry: dict[str, Any] | None
    owner: str | None
    operator: str | None
    district: str | None
    criticality: int | None
    capacity: float | None
    capacity_unit: str | None
    capacity_basis: str | None
    installed_on: str | None
    design_life_years: float | None
    external_ids: dict[str, str]
    length_m: float | None
    population: int | None


@dataclass(frozen=True, slots=True)
class Node(Kept):
    """An edge node, as its births tell.

    Attributes:
        group: Sparkplug group.
        name: Sparkplug edge node id.
        version: Version of its agent, "" when it does not tell.
        acks: True when it takes part in the acknowledged delivery.
        last_birth_ms: When it was last born.
        version_since_ms: When it first told that version; None when nobody saw it begin.
    """

    group: str
    name: str
    version: str
    acks: bool
    last_birth_ms: int
    version_since_ms: int | None


@dataclass(frozen=True, slots=True)
class Device(Kept):
    """A device behind a node; the device "" stands for the node's own metrics.

    Attributes:
        node: Id of its node.
        name: Sparkplug device id.
        last_birth_ms: When it was last born.
    """

    node: str
    name: str
    last_birth_ms: int


@dataclass(frozen=True, slots=True)
class Channel(Kept):
    """A place of measurement: one metric of one device.

    Attributes:
        device: Id of its device.
        metric: Sparkplug metric name.
        unit: Unit as the birth tells it; UCUM when `unit_ok`.
        unit_ok: False when the unit is not UCUM as this register knows it.
        low: Lower end of the range, or None.
        high: Upper end of the range, or None.
        datatype: Sparkplug type, in small letters.
        channel_class: What is measured, such as "pressure".
        heartbeat_ms: The longest silence by contract, or None.
        calibrated_ms: When it was last calibrated, or None.
        calibration_due_ms: When it must be calibrated again, or None.
        certificate: Reference to the calibration's certificate, or None.
        accuracy: How far a value may be off, in its unit, or None.
        uncertainty_class: "reference" or "indicative", or None while nobody said.
        rate_per_s: The fastest change that can be true, in its unit a second, or None.
        declared_asset: The asset that its birth names, known here or not; None when none.
    """

    device: str
    metric: str
    unit: str
    unit_ok: bool
    low: float | None
    high: float | None
    datatype: str
    channel_class: str
    heartbeat_ms: int | None
    calibrated_ms: int | None
    calibration_due_ms: int | None
    certificate: str | None
    accuracy: float | None
    uncertainty_class: str | None
    rate_per_s: float | None
    declared_asset: str | None


@dataclass(frozen=True, slots=True)
class Stream(Kept):
    """The observations of a channel while unit and type stay the same.

    A channel that comes back with another unit gets another stream, so nobody averages
    litres with cubic metres.

    Attributes:
        channel: Id of its channel.
        unit: The unit of all its observations.
        datatype: The type of all its observations.
    """

    channel: str
    unit: str
    datatype: str


@dataclass(frozen=True, slots=True)
class Link(Kept):
    """What a channel tells of an asset, while it does.

    Attributes:
        channel: Id of the channel.
        asset: Id of the asset.
        role: One of `ROLES`.
        asserted_by: Who says so; "births" when a birth does.
        ended_by: Who has ended it; None while it holds, or where nobody took note.
        commissioning: Id of the commissioning that opened it, or None.
    """

    channel: str
    asset: str
    role: str
    asserted_by: str
    ended_by: str | None
    commissioning: str | None


@dataclass(frozen=True, slots=True)
class Commissioning(Kept):
    """A device was handed over at an asset; never changed, and held from that moment.

    Attributes:
        device: Id of the device; or of the node, when it is all its devices.
        asset: Id of the asset.
        role: One of `ROLES`.
        commissioned_by: Who handed it over.
        channels: Ids of the channels that tell of the asset from then on.
        checks: What was seen: channel, unit, reading, reference and allowed deviation (or
            null), passed.
        heard_ms: When the device was last heard before this was entered.
        without_data: Why it was handed over although nothing was heard of it; else None.
        remarks: What else was to be said, or None.
    """

    device: str
    asset: str
    role: str
    commissioned_by: str
    channels: list[str]
    checks: list[dict[str, Any]]
    heard_ms: int
    without_data: str | None
    remarks: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit trail.

    Attributes:
        seq: Its number, from 1, without holes.
        time_ms: When.
        who: Who did it: a person, or "births".
        what: "create", "update", "close" or "reopen".
        kind: The kind of record.
        record: Its id.
        before: The record before, as JSON text; None when it was created.
        after: The record after, as JSON text.
        previous: Hash of the entry before it.
        hash: SHA-256 over all of the above; see `audit.digest`.
    """

    seq: int
    time_ms: int
    who: str
    what: str
    kind: str
    record: str
    before: str | None
    after: str
    previous: str
    hash: str
