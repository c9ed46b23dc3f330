"""Devices of the made-up city that people have handed over, with what they checked."""

from collections.abc import Iterator, Sequence

from lamppost.register.records import links
from lamppost.register.records.births import channel_id
from lamppost.register.records.commissioning import Check, Handover, commission
from lamppost.register.seed.plan import GROUP, MAST, METER, PUMP, ROLES, Device
from lamppost.register.seed.seeding import DAY_MS, Seeding

BLOCKS = 10
"""Of so many blocks; what watches the others is linked without a record."""

SILENT = "clinic"
"""The name of meters that nobody had heard when they were left."""

FITTERS = ("bjarne", "dilara")
DUE_DAYS = 90
"""After so many days flow meters must be calibrated again; by now they are overdue."""

FLOW = (Check("flow", 42.1, 42.0, 0.5),)
PUMP_STATE = (Check("pressure", 3.2), Check("level", 2.4, 2.38, 0.05))
AIR = (Check("temperature", 12.4, 12.5, 0.5), Check("pm2.5", 9.0))


def is_handed_over(device: Device) -> bool:
    """Return True for a device that gets its links by a record."""
    block = device.node.rpartition("-")[2]
    is_chosen = device.channels in (PUMP, MAST) or is_silent(device)
    return is_chosen and block.isdigit() and int(block) <= BLOCKS


def is_silent(device: Device) -> bool:
    """Return True for a device that was handed over before its data came."""
    return device.channels is METER and device.name == SILENT


def hand_over(seeding: Seeding, devices: Sequence[Device]) -> None:
    """Hand devices over at their assets; flow meters come calibrated, and are due once more."""
    number = 0
    for turn, device in enumerate(devices):
        who = FITTERS[turn % len(FITTERS)]
        with seeding.writing(seeding.began_ms, who) as writer:
            if device.channels is PUMP:
                flow = channel_id(GROUP, device.node, device.name, "flow")
                done_ms = seeding.began_ms - DAY_MS
                due_ms = done_ms + DUE_DAYS * DAY_MS
                links.calibrate(writer, flow, done_ms, due_ms, "works certificate")
            for said in _said(device):
                commission(writer, said, who, {})
                number += 1
    seeding.count("commissionings", number)


def _said(device: Device) -> Iterator[Handover]:
    one = f"{GROUP}/{device.node}/{device.name}"
    if is_silent(device):
        reason = "the meter's bus is wired on Monday"
        yield Handover(one, device.asset, "state", without_data=reason)
    elif device.channels is MAST:
        remarks = "mast at 3 m, inlet free on all sides"
        yield Handover(one, device.asset, "state", checks=AIR, remarks=remarks)
    else:
        state = [seen.metric for seen in PUMP if ROLES.get(seen.metric, "state") == "state"]
        told = "compared with a clamp-on meter, cabinet sealed"
        yield Handover(one, device.asset, ROLES["flow"], channels=("flow",), checks=FLOW,
                       remarks=told)  # fmt: skip
        yield Handover(one, device.asset, "state", channels=state, checks=PUMP_STATE)
