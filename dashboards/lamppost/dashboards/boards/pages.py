"""Where people act in the register's console: the one place that knows its addresses.

The console has a page of alarms, where an alarm has the id of its incident, a card of each
asset, a map on which each node and device can be put in focus, and a sheet of each indicator.
"""

from lamppost.dashboards.links import Link, cell, to_console

PAGE = "/"
ALARMS = "/alarms"
ASSETS = "/assets"
MAP = "/map"
INDICATORS = "/indicators"
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
    """Return the link to a node on the map; `value` is its name, without the group."""
    return to_console(
        MAP,
        "The node in the console: who answers, what breaks",
        {"kind": "node", "find": value},
    )


def source() -> Link:
    """Return the link from a row with group, node and device to that source on the map."""
    place = "/".join(cell(name) for name in ("group", "node", "device"))
    told = "The source in the console: owner, licence, who uses it"
    return to_console(MAP, told, {"focus": f"device:{place}"})


def resource_map() -> Link:
    """Return the link to the map from source to indicator."""
    return to_console(MAP, "The map in the console")


def indicator() -> Link:
    """Return the link from a row of an indicator to its formula, inputs and evidence."""
    sheet = f"{INDICATORS}/{cell('indicator')}"
    told = "The indicator in the console: formula, inputs, evidence"
    return to_console(sheet, told, {"period": cell("period")})


def ledger() -> Link:
    """Return the link to the ledger, in which every reading is accounted for."""
    return to_console(PAGE, "Ledger and warnings in the console")
