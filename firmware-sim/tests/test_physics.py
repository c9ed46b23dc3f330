"""The physics: coupled, balanced and bounded."""

from collections.abc import Mapping
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamppost.sim.physics.cabinet import ENERGY_WRAP_KWH, StreetLightCabinet
from lamppost.sim.physics.mast import AirQualityMast
from lamppost.sim.physics.process import CALM, HOUR_S, Disturbance, Process, bump
from lamppost.sim.physics.pump import LITRES_PER_M3, WELL_AREA_M2, PumpStation
from lamppost.sim.sheets import AIR_QUALITY_MAST, PUMP_STATION, STREET_LIGHT_CABINET, Sheet

EVENING_S = 20 * HOUR_S
STEP_S = 0.1


def course(
    process: Process,
    seconds: float,
    disturbance: Disturbance = CALM,
    *,
    step_s: float = STEP_S,
    start_s: float = EVENING_S,
) -> list[Mapping[str, float]]:
    """Return the true values of each step."""
    steps = round(seconds / step_s)
    return [
        process.step(step_s, start_s + n * step_s, disturbance) for n in range(1, steps + 1)
    ]


def test_the_well_is_a_mass_balance() -> None:
    """A leak lowers the level by exactly the water it takes, over the well's area."""
    healthy = course(PumpStation(Random(1), EVENING_S), 20.0)
    leaking = course(PumpStation(Random(1), EVENING_S), 20.0, Disturbance(leak=0.5))
    extra = sum(b["flow"] - a["flow"] for a, b in zip(healthy, leaking, strict=True)) * STEP_S
    fell = healthy[-1]["level"] - leaking[-1]["level"]
    assert fell == pytest.approx(extra / (WELL_AREA_M2 * LITRES_PER_M3))
    assert fell > 0


@settings(deadline=None, max_examples=30)
@given(st.floats(0.2, 1.0), st.integers(0, 23))
def test_a_leak_shows_in_flow_pressure_and_level_together(size: float, hour: int) -> None:
    """At any hour: more flow, less pressure, falling level, and more current, after 3 s."""
    start_s = hour * HOUR_S
    a = course(PumpStation(Random(2), start_s), 3.0, start_s=start_s)[-1]
    leak = Disturbance(leak=size)
    b = course(PumpStation(Random(2), start_s), 3.0, leak, start_s=start_s)[-1]
    assert b["flow"] > a["flow"] + 1.0
    assert b["pressure"] < a["pressure"] - 0.03
    assert b["level"] < a["level"]
    assert b["motor_current"] > a["motor_current"]


@settings(deadline=None, max_examples=30)
@given(st.floats(0.2, 1.0), st.integers(0, 23))
def test_a_blockage_is_not_a_leak(size: float, hour: int) -> None:
    """At any hour: less flow, more pressure, rising level, less current, more vibration."""
    start_s = hour * HOUR_S
    a = course(PumpStation(Random(2), start_s), 3.0, start_s=start_s)[-1]
    clog = Disturbance(blockage=size)
    b = course(PumpStation(Random(2), start_s), 3.0, clog, start_s=start_s)[-1]
    assert b["flow"] < a["flow"] - 1.0
    assert b["pressure"] > a["pressure"] + 0.05
    assert b["level"] > a["level"]
    assert b["motor_current"] < a["motor_current"]
    assert b["vibration"] > a["vibration"] + 0.2


def test_the_pump_does_not_run_dry() -> None:
    """When more leaks than flows in, the pump stops at the low level and starts again."""
    # By night the well fills with 24 L/s; with the worst leak the pump takes more than that
    # even at its lowest speed.
    process = PumpStation(Random(1), 1 * HOUR_S)
    rows = course(process, 8 * HOUR_S, Disturbance(leak=1.0), step_s=1.0, start_s=1 * HOUR_S)
    assert all(row["level"] >= 0.29 for row in rows)
    stopped = [row for row in rows if not row["running"]]
    assert stopped
    assert rows[-1]["running"]
    assert all(row["motor_current"] == 0 for row in stopped)


@pytest.mark.parametrize(
    ("make", "sheet"),
    [
        (PumpStation, PUMP_STATION),
        (StreetLightCabinet, STREET_LIGHT_CABINET),
        (AirQualityMast, AIR_QUALITY_MAST),
    ],
    ids=["pump", "cabinet", "mast"],
)
def test_three_days_stay_inside_the_measuring_ranges(
    make: type[PumpStation | StreetLightCabinet | AirQualityMast], sheet: Sheet
) -> None:
    """Nothing saturates in healthy operation, and every channel of the sheet has a value."""
    rows = course(make(Random(3), 0.0), 72 * HOUR_S, step_s=5.0, start_s=0.0)
    for register in sheet.registers:
        values = [row[register.channel] for row in rows]
        assert register.low <= min(values)
        assert max(values) <= register.high


def test_the_level_is_held_all_day() -> None:
    """The pump's speed follows the daily inflow, so the level stays near its set point."""
    rows = course(PumpStation(Random(4), 0.0), 48 * HOUR_S, step_s=1.0, start_s=0.0)
    assert all(2.3 < row["level"] < 2.7 for row in rows)
    flows = [row["flow"] for row in rows]
    assert max(flows) > 1.5 * min(flows)


def test_lamps_follow_the_photocell_and_the_meter_counts_them() -> None:
    """Lights go on in the evening, current and power follow, and energy is their sum."""
    start_s = 18.4 * HOUR_S
    rows = course(StreetLightCabinet(Random(5), start_s), 900.0, start_s=start_s)
    first, last = rows[0], rows[-1]
    assert (first["lamps_on"], last["lamps_on"]) == (0.0, 1.0)
    assert last["power"] > 10 * first["power"]
    assert last["current"] == pytest.approx(last["power"] / (last["voltage"] * 0.95))
    assert last["voltage"] < first["voltage"]
    spent = sum(row["power"] for row in rows[1:]) * STEP_S / 3.6e6
    assert last["energy"] - first["energy"] == pytest.approx(spent)


def test_the_energy_counter_begins_again_at_its_end() -> None:
    """After its highest value the counter is near 0, and never beyond the range."""
    cabinet = StreetLightCabinet(Random(5), EVENING_S)
    rows = course(cabinet, 4 * 365 * 24 * HOUR_S, step_s=6 * HOUR_S)
    energies = [row["energy"] for row in rows]
    assert max(energies) < ENERGY_WRAP_KWH
    assert any(b < a for a, b in pairwise(energies))


def test_warm_air_is_drier_and_dust_comes_together() -> None:
    """Humidity falls as the day warms; coarse particles are never fewer than fine ones."""
    rows = course(AirQualityMast(Random(6), 0.0), 24 * HOUR_S, step_s=60.0, start_s=0.0)
    dawn, noon = rows[3 * 60], rows[15 * 60 - 1]
    assert noon["temperature"] > dawn["temperature"] + 5
    assert noon["humidity"] < dawn["humidity"] - 10
    assert all(row["pm10"] >= row["pm2.5"] for row in rows)


def test_a_daily_bell_wraps_around_midnight() -> None:
    """A peak at 23:00 is still felt at 01:00, as much as at 21:00."""
    assert bump(1 * HOUR_S, 23.0, 2.0) == pytest.approx(bump(21 * HOUR_S, 23.0, 2.0))
    assert bump(23 * HOUR_S, 23.0, 2.0) == pytest.approx(1.0)
