"""The parts of a made-up city, in their order. A room that has records adds a line."""

import math
from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import func, select

from lamppost.register.alarms import desk as alarms
from lamppost.register.condition import deciding
from lamppost.register.live import EventClass, IncidentView
from lamppost.register.records import following, links
from lamppost.register.records.births import BirthSeen, channel_id
from lamppost.register.records.tables import asset, link
from lamppost.register.seed.commissioning import hand_over, is_handed_over, is_silent
from lamppost.register.seed.days import conditions, history
from lamppost.register.seed.indicators import facts_of_the_city, indicators
from lamppost.register.seed.plan import (
    BLOCK,
    DISTRICTS,
    GROUP,
    ROLES,
    Block,
    Device,
    blocks,
    place,
)
from lamppost.register.seed.resources import data_resources
from lamppost.register.seed.seeding import Part, Seeding
from lamppost.register.seed.town import AIR, TOWN, town
from lamppost.register.work import desk as work

HOUR_MS = 3_600_000
SILENCE_MS = 2 * HOUR_MS
"""How long before the city begins those were born that nobody hears then."""

ALARMS_AN_ASSET = 0.4
ASSETS_A_TOWN = 160
"""Of so many assets one `TOWN` is not in blocks."""

VERSION, OLD_VERSION, OLD_NODES = "0.9.2", "0.8.4", ("-2", "-5")

PEOPLE = ("ada", "bjarne", "chen", "dilara")

REQUIRED = (
    ("pump", "flow", "load and leaks"),
    ("pump", "vibration", "wear of bearings"),
    ("light_cabinet", "energy", "energy of lighting"),
    ("air_mast", "particulates", "air quality reporting"),
    ("public_building", "energy", "energy of public buildings"),
    ("bridge", "vibration", "structural health"),
    ("water_main", "pressure", "bursts and leaks"),
)
BUILDING = "public_building"
USED = (("energy", "kW.h", 90.0, 70.0), ("water", "m3", 4.0, 3.5))
"""Of a building that is metered: baseline and goal a day."""

KINDS: tuple[tuple[EventClass, str, str], ...] = (
    ("process_anomaly", "deviation", "{0} is outside of what was expected"),
    ("sensor_fault", "stuck", "{0} has stood still for longer than it ever does"),
    ("sensor_fault", "drift", "{0} has drifted away from its neighbours"),
    ("communication", "device_offline", "the device of {0} does not report"),
)


def blocks_of(assets: int) -> int:
    """Return how many blocks a city of so many assets has; the rest are towns."""
    return max((assets - assets // ASSETS_A_TOWN * TOWN) // BLOCK, 1)


def _plan(seeding: Seeding) -> Iterator[Block]:
    yield from blocks(blocks_of(seeding.assets), seeding.random)
    for number in range(1, seeding.assets // ASSETS_A_TOWN + 1):
        district = DISTRICTS[(number - 1) % len(DISTRICTS)]
        yield town(number, district, place(seeding.random), seeding.random)


def assets_and_field(seeding: Seeding) -> None:
    """Assets, the births of what watches them, and the links between both."""
    with seeding.writing(seeding.began_ms) as writer:
        plan = list(_plan(seeding))
        for block in plan:
            for one, facts in block.assets:
                writer.create("asset", one, facts, seeding.began_ms)
    devices = [device for block in plan for device in block.devices]
    births = [_birth(device, seeding.began_ms) for device in devices]
    with seeding.register.database.writing() as connection:
        following.observe(connection, births, seeding.began_ms)
    with seeding.writing(seeding.began_ms) as writer:
        for block in plan:
            for device in block.devices:
                for seen in () if is_handed_over(device) else device.channels:
                    one = channel_id(GROUP, device.node, device.name, seen.metric)
                    role = ROLES.get(seen.metric, "state")
                    links.bind(writer, one, device.asset, role, "demo city", seeding.began_ms)
                if device.channels is AIR:
                    for seen in device.channels:
                        one = channel_id(GROUP, device.node, device.name, seen.metric)
                        links.rate(writer, one, None, "reference")
    seeding.count("assets", sum(len(block.assets) for block in plan))
    seeding.count("channels", sum(len(birth.channels) for birth in births))
    hand_over(seeding, [device for device in devices if is_handed_over(device)])


def _birth(device: Device, began_ms: int) -> BirthSeen:
    at_ms = began_ms - SILENCE_MS if is_silent(device) else began_ms
    version = OLD_VERSION if device.node.endswith(OLD_NODES) else VERSION
    here = (GROUP, device.node, device.name, at_ms)
    return BirthSeen(*here, device.channels, version=version)


def requirements(seeding: Seeding) -> None:
    """What must be measured, and how much energy and water public buildings shall use."""
    with seeding.register.database.reading() as connection:
        metered = connection.execute(
            select(func.count(link.c.asset.distinct()))
            .join(asset, asset.c.id == link.c.asset)
            .where(asset.c.asset_class == BUILDING)
        ).scalar_one()
    with seeding.writing(seeding.began_ms) as writer:
        for kind, measurand, why in REQUIRED:
            deciding.require(writer, kind, measurand, why)
        for resource, unit, baseline, goal in USED:
            before, aimed = round(baseline * metered, 1), round(goal * metered, 1)
            about = ("class", BUILDING, resource, unit)
            deciding.aim(writer, *about, before, aimed, "bills of 2025")
    seeding.count("requirements", len(REQUIRED))
    seeding.count("targets", len(USED))


def alarms_and_work(seeding: Seeding) -> None:
    """Four months of alarms: acknowledged, judged, worked on, some of them open still."""
    with seeding.register.database.reading() as connection:
        linked = select(link.c.channel).order_by(link.c.channel)
        names = list(connection.execute(linked).scalars())
    number = max(int(seeding.assets * ALARMS_AN_ASSET), 12)
    chance = seeding.random
    times = sorted(chance.randrange(seeding.began_ms, seeding.now_ms) for _ in range(number))
    for n, at_ms in enumerate(times):
        _alarm(seeding, f"demo-{n:06d}", chance.choice(names), at_ms)
    seeding.count("alarms", number)


PARTS: dict[str, Part] = {
    "assets and what watches them": assets_and_field,
    "requirements and targets": requirements,
    "days of load": history,
    "alarms and work": alarms_and_work,
    "data resources": data_resources,
    "facts of the city": facts_of_the_city,
    "conditions": conditions,
    "indicators": indicators,
}
"""What `seed --demo-city` builds; later parts may ask for what earlier ones made."""


def _alarm(seeding: Seeding, one: str, channel_of: str, at_ms: int) -> None:
    chance = seeding.random
    group, node, device, metric = channel_of.split("/", 3)
    incident_class, kind, told = chance.choices(KINDS, (5, 3, 1, 2))[0]
    lasts_ms = int(math.exp(chance.uniform(0, 6)) * 60_000)
    seen = IncidentView(
        one, incident_class, kind, group, node, device, at_ms, at_ms, None,
        round(chance.betavariate(2, 3), 3), (metric,), 1, 1, True, told.format(metric),
    )  # fmt: skip
    with seeding.writing(at_ms, alarms.WHO) as writer:
        alarms.observe(writer, [seen])
    ends_ms = at_ms + lasts_ms
    who = chance.choice(PEOPLE)
    if ends_ms < seeding.now_ms and chance.random() < 0.95:
        with seeding.writing(at_ms, who) as writer:
            alarms.act(writer, one, "acknowledge", who)
            if chance.random() < 0.3:
                alarms.judge(
                    writer, one, "false" if chance.random() < 0.25 else "true", who, None
                )
        with seeding.writing(at_ms, alarms.WHO) as writer:
            alarms.observe(writer, [replace(seen, closed_ms=ends_ms, open_events=0)])
    if incident_class == "process_anomaly" and chance.random() < 0.4:
        _order(seeding, one, who, at_ms)


def _order(seeding: Seeding, alarm: str, who: str, at_ms: int) -> None:
    chance = seeding.random
    with seeding.writing(at_ms, who) as writer:
        one = work.open_order(writer, work.Wanted(alarm=alarm, assignee=who), who)
        if chance.random() < 0.8:
            cause = chance.choice(("blocked impeller", "worn seal", "leaf in the screen"))
            work.act(writer, one, "finish", {"cause": cause, "action": "cleaned and tested"})
            work.act(writer, one, "verify", {"closure": "seen to work"})
    seeding.count("work orders", 1)
