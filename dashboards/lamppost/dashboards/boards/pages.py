"""Where people act in the register's console: the one place that knows its addresses.

The console has a page of alarms, where an alarm has the id of its incident, and a card of each
asset. Pages of sources and indicators are to come; until they are there, their links lead to
the first page and already say what they are about.
"""

from lamppost.dashboards.links import Link, cell, to_console

PAGE = "/"
ALARMS = "/alarms"
ASSETS = "/assets"
RECORDS = "/api/v1/alarms"


def alarms() -> Link:
    """Return the link to where alarms are acknowledged, shelved and assigned."""
    return to_console(ALARMS, "Acknowledge, shelve, assign: in the console")


def incident() -> Link:
    """Return the link from a row with an incident's id to where people act on it."""
    return to_console(
        ALARMS, "Acknowledge, shelve, assign: in the console", {"incident": cell("incident")}
    )


def alarm_record() -> Link:
    """Return the link from a row with an incident's id to the record of its alarm."""
    return to_console(
        f"{RECORDS}/{cell('incident')}", "The alarm's record: who has it, since when"
    )


def asset(value: str) -> Link:
    """Return the link to an asset's card; `value` is its id, as links write it."""
    return to_console(f"{ASSETS}/{value}", "The asset in the console")


def node(value: str) -> Link:
    """Return the link to a node's card."""
    return to_console(PAGE, "The node in the console", {"node": value})


def source() -> Link:
    """Return the link from a row with group, node and device to the record of that source."""
    place = {name: cell(name) for name in ("group", "node", "device")}
    return to_console(PAGE, "The source in the console: owner, licence, who uses it", place)


def resource_map() -> Link:
    """Return the link to the map from source to indicator."""
    return to_console(PAGE, "The console")


def indicator() -> Link:
    """Return the link from a row of an indicator to its formula, inputs and evidence."""
    names = ("indicator", "period", "lineage")
    about = {name: cell(name) for name in names}
    return to_console(PAGE, "The indicator in the console: formula, inputs, evidence", about)


def ledger() -> Link:
    """Return the link to the ledger, in which every reading is accounted for."""
    return to_console(PAGE, "Ledger and warnings in the console")
