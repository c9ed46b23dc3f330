"""Devices: repeatable, steady, and faulty only where and when they should be."""

import statistics
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamppost.sim.city import DEMO, DeviceSite
from lamppost.sim.device import STEP_MS, Device
from lamppost.sim.fault_spec import parse_fault
from lamppost.sim.faults import KINDS
from lamppost.sim.registers import Register
from lamppost.sim.sheets import SHEETS

EVENING_S = 20 * 3600.0
POLL_MS = 500
SITES = {site.name: site for site in DEMO.devices}
SENSORS = [
    (site, register)
    for site in (SITES["pump-1"], SITES["cabinet-1"], SITES["mast-1"])
    for register in site.sheet.registers
]
NUMERIC = [(site, register) for site, register in SENSORS if not register.is_bit]


def sensor_name(value: object) -> str:
    """Name a case by kind, device and channel."""
    if isinstance(value, str):
        return value
    return value.name if isinstance(value, DeviceSite) else value.channel  # type: ignore[attr-defined]


def make(name: str, *specs: str, seed: int = 1) -> Device:
    """Return a device of the demo city with these faults."""
    faults = [parse_fault(spec, DEMO) for spec in specs]
    return Device(name, SITES[name].sheet, seed, EVENING_S, faults)


def polls(device: Device, until_s: float) -> list[dict[str, float | None]]:
    """Return what a reader sees that asks twice a second, from 0.5 s on."""
    rows = []
    for at_ms in range(POLL_MS, int(until_s * 1000) + 1, POLL_MS):
        device.advance(at_ms)
        rows.append(device.values())
    return rows


def known(rows: list[dict[str, float | None]], channel: str) -> list[float]:
    """Return a channel's values; there must be no gap."""
    values = [row[channel] for row in rows]
    assert None not in values
    return [value for value in values if value is not None]


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(0, 4000), min_size=1, max_size=12), st.sampled_from(sorted(SITES)))
def test_the_same_time_gives_the_same_values_however_it_is_reached(
    hops: list[int], name: str
) -> None:
    """Any chunking of the way leads to the registers of one long step; back is never gone."""
    hopping, direct = make(name), make(name)
    for at_ms in hops:
        hopping.advance(at_ms)
    direct.advance(max(hops))
    assert hopping.elapsed_ms == direct.elapsed_ms == max(hops) // STEP_MS * STEP_MS
    assert hopping.values() == direct.values()


def test_seeds_and_names_make_a_difference() -> None:
    """Another seed, and another device of the same model, give other values."""
    rows = [
        device.values() for device in (make("pump-1"), make("pump-1", seed=2), make("pump-2"))
    ]
    flows = [row["flow"] for row in rows]
    assert len(set(flows)) == 3


def test_advance_stops_at_its_bound_and_says_so() -> None:
    """A device that is far behind catches up in bounded portions."""
    device = make("mast-1")
    assert not device.advance(10_000, max_steps=60)
    assert device.elapsed_ms == 60 * STEP_MS
    assert device.advance(10_000, max_steps=60)


@pytest.mark.parametrize(("site", "register"), NUMERIC, ids=sensor_name)
def test_healthy_readings_stand_still_but_for_noise(
    site: DeviceSite, register: Register
) -> None:
    """Over two minutes: the datasheet's noise, no drift beyond it, hardly a repeated value."""
    values = known(polls(make(site.name), 120.0), register.channel)
    if register.channel == "energy":
        steps = [b - a for a, b in pairwise(values)]
        assert min(steps) > 0
        return
    calm, rest = values[:60], values[60:]
    mean, sigma = statistics.mean(calm), statistics.stdev(calm)
    assert 0.7 * register.noise < sigma < 1.5 * register.noise
    assert all(abs(value - mean) < 6 * sigma for value in rest)
    assert abs(statistics.mean(values[-20:]) - mean) < 2 * sigma
    repeated = sum(a == b for a, b in pairwise(values))
    assert repeated < 0.1 * len(values)


@pytest.mark.parametrize(
    ("kind", "site", "register"),
    [
        (kind, site, register)
        for kind in ("stuck", "gap", "spike", "drift")
        for site, register in (SENSORS if KINDS[kind].on_bits else NUMERIC)
    ],
    ids=sensor_name,
)
def test_a_sensor_fault_stays_in_its_window_and_on_its_channel(
    kind: str, site: DeviceSite, register: Register
) -> None:
    """Outside window and channel every value equals the healthy run; inside it differs."""
    spec = f"{kind}:{site.name}/{register.channel}:at=3:for=3"
    healthy, faulty = polls(make(site.name), 9.0), polls(make(site.name, spec), 9.0)
    for number, (a, b) in enumerate(zip(healthy, faulty, strict=True), 1):
        at_s = number * POLL_MS / 1000
        differing = {channel for channel in a if a[channel] != b[channel]}
        inside = 3.0 <= at_s < 6.0
        assert differing <= ({register.channel} if inside else set())
        if inside and kind in {"gap", "spike"}:
            assert differing == {register.channel}


@pytest.mark.parametrize(("site", "register"), NUMERIC, ids=sensor_name)
def test_a_stuck_sensor_repeats_its_last_healthy_value(
    site: DeviceSite, register: Register
) -> None:
    """All readings of the window are equal, and equal to the last scan before it."""
    device = make(site.name, f"stuck:{site.name}/{register.channel}:at=2:for=4")
    device.advance(2000 - STEP_MS)
    last = device.values()[register.channel]
    inside = known(polls(device, 7.0), register.channel)[4:11]
    assert set(inside) == {last}


@pytest.mark.parametrize(("site", "register"), NUMERIC, ids=sensor_name)
def test_a_spike_is_far_out_yet_inside_the_range_and_gone_at_once(
    site: DeviceSite, register: Register
) -> None:
    """A default spike is at least 25 sigma high and lasts at most two readings."""
    spec = f"spike:{site.name}/{register.channel}:at=2"
    healthy = known(polls(make(site.name), 5.0), register.channel)
    spiked = known(polls(make(site.name, spec), 5.0), register.channel)
    away = [abs(b - a) for a, b in zip(healthy, spiked, strict=True)]
    hit = [height for height in away if height > 0]
    assert 1 <= len(hit) <= 2
    assert min(hit) >= 25 * register.noise
    assert all(register.low < value < register.high for value in spiked)


@pytest.mark.parametrize(("site", "register"), NUMERIC, ids=sensor_name)
def test_a_drift_is_a_straight_line_to_its_size(site: DeviceSite, register: Register) -> None:
    """Halfway through it is half the way, one way only."""
    spec = f"drift:{site.name}/{register.channel}:at=0:for=20:size=0.2"
    healthy = known(polls(make(site.name), 19.5), register.channel)
    drifted = known(polls(make(site.name, spec), 19.5), register.channel)
    way = [b - a for a, b in zip(healthy, drifted, strict=True)]
    sign = 1 if way[-1] > 0 else -1
    for number, moved in enumerate(way, 1):
        expected = 0.2 * register.span * number * POLL_MS / 20_000
        assert sign * moved == pytest.approx(expected, abs=2 * register.quantum)


@pytest.mark.parametrize("kind", ["leak", "blockage"])
@pytest.mark.parametrize("name", ["pump-1", "pump-2"])
def test_a_process_fault_of_default_size_is_clear_within_five_seconds(
    kind: str, name: str
) -> None:
    """Each channel that the label names is off by at least 6 sigma, the mean of 3 readings."""
    fault = parse_fault(f"{kind}:{name}:at=5:for=60", DEMO)
    healthy = polls(make(name), 11.0)
    faulty = polls(make(name, f"{kind}:{name}:at=5:for=60"), 11.0)
    assert healthy[:9] == faulty[:9]
    for channel in fault.channels:
        before, after = known(healthy, channel)[-4:-1], known(faulty, channel)[-4:-1]
        moved = statistics.mean(after) - statistics.mean(before)
        assert abs(moved) >= 6 * SHEETS["pump-station"].register(channel).noise, channel


def test_a_process_fault_strikes_one_device_alone() -> None:
    """The neighbour pump does not notice."""
    assert polls(make("pump-2", "leak:pump-1:at=1"), 5.0) == polls(make("pump-2"), 5.0)
