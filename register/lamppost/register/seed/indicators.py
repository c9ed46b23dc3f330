"""Indicators of a made-up city: its facts, the values of last month, and who has signed one."""

from datetime import UTC, datetime, timedelta

from lamppost.register.indicators import desk, records
from lamppost.register.indicators.definitions import CITY_FILE, city_facts, period
from lamppost.register.indicators.signing import sign
from lamppost.register.indicators.values import OWNER, STEWARD
from lamppost.register.seed.seeding import Seeding

PEOPLE_AN_ASSET = 2.2
ASSETS_A_KM2 = 40
FACTS = """\
# Made up, with the demo city.
area_km2 = {area}
population = {population}
"""
SIGNED = "iso37122-2019:7.6"
SIGNATURES = ((OWNER, "dilara", "lights counted on site"), (STEWARD, "chen", None))


def facts_of_the_city(seeding: Seeding) -> None:
    """Write the city's file, where there is none."""
    path = seeding.register.data_dir / CITY_FILE
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    area = max(seeding.assets // ASSETS_A_KM2, 1)
    told = FACTS.format(area=area, population=round(seeding.assets * PEOPLE_AN_ASSET))
    path.write_text(told, encoding="utf-8")


def indicators(seeding: Seeding) -> None:
    """Keep the values of the month that is over; owner and steward have signed one."""
    today = datetime.fromtimestamp(seeding.now_ms / 1_000, UTC)
    month = period((today.replace(day=1) - timedelta(days=1)).strftime("%Y-%m"))
    facts = city_facts(seeding.register.data_dir / CITY_FILE)
    values = desk.values(seeding.register, month, facts)
    with seeding.writing(seeding.now_ms) as writer:
        for one in values:
            records.keep(writer, one, month)
    for one in values:
        if one.indicator != SIGNED or one.value is None:
            continue
        for part, who, note in SIGNATURES:
            with seeding.writing(seeding.now_ms, who) as writer:
                sign(writer, one, one.lineage, part, who, note)
    seeding.count("indicator values", len(values))
