"""Which alarms the page shows: read from its address, asked of the register."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy import Connection

from lamppost.register.alarms import reading
from lamppost.register.alarms.desk import KIND
from lamppost.register.alarms.escalation import Policy, held
from lamppost.register.alarms.reading import AlarmsWanted
from lamppost.register.alarms.values import NORMAL, STATES, Alarm
from lamppost.register.markup import Markup, tag
from lamppost.register.pages.forms import select as choice
from lamppost.register.pages.places import SHOWN_MAX, district_choice, given
from lamppost.register.panels.event_rows import CLASS_TEXTS
from lamppost.register.records.deciding import known
from lamppost.register.records.reading import Page
from lamppost.register.records.store import Register
from lamppost.register.records.writing import Writer

PATH = "/alarms"

STATE_TEXTS = {
    "": "Open",
    "unacknowledged": "Unacknowledged",
    "acknowledged": "Acknowledged",
    "returned_unacknowledged": "Over, unacknowledged",
    "shelved": "Shelved",
    "suppressed_by_design": "Suppressed by design",
    "out_of_service": "Out of service",
    NORMAL: "Normal again",
}
"""The states as people read them; "" is every state but the last."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; "" asks for all.

    Attributes:
        state: A key of `STATE_TEXTS`.
        alarm_class: A class of alarms.
        district: A district.
        incident: The id of one alarm; the other filters then do not count.
        after: `next` of the page before.
    """

    state: str = ""
    alarm_class: str = ""
    district: str = ""
    incident: str = ""
    after: str = ""

    def older(self, after: str) -> str:
        """Return the address of the next page."""
        told = {"state": self.state, "class": self.alarm_class, "district": self.district}
        return f"{PATH}?{urlencode({**told, 'after': after})}"


def filters(query: Mapping[str, str]) -> Filters:
    """Return what an address asks for.

    Raises:
        RefusedError: it names a state or class that is none, or is too long.
    """
    names = ("state", "class", "district", "incident", "after")
    allowed = {"state": STATES, "class": tuple(CLASS_TEXTS)}
    return Filters(*given(query, names, allowed))


@dataclass(frozen=True, slots=True)
class Shown:
    """An alarm, and when alarms are passed on."""

    alarm: Alarm
    policy: Policy


def load(register: Register, wanted: Filters) -> Page:
    """Return the alarms to show, the newest first, each as `Shown`.

    Raises:
        RefusedError: there is no such alarm or page.
    """
    with register.database.reading() as connection:
        policy = held(connection)
        found = _found(connection, wanted)
    return Page(found.total, tuple(Shown(one, policy) for one in found.items), found.next)


def _found(connection: Connection, wanted: Filters) -> Page:
    if wanted.incident:
        row = known(Writer(connection, "", 0), KIND, wanted.incident)
        return Page(1, (Alarm(**row),), None)
    named: dict[str, object] = {
        "state": wanted.state or None,
        "class": wanted.alarm_class or None,
        "district": wanted.district or None,
    }
    is_open = None if wanted.state else True
    asked = AlarmsWanted(named, is_open, after=wanted.after, limit=SHOWN_MAX)
    return reading.page(connection, asked)


def filter_form(wanted: Filters, places: list[str]) -> Markup:
    """Return the form whose answer is the page's address."""
    return tag(
        "form.filters",
        choice("state", "State", STATE_TEXTS, wanted.state),
        choice("class", "Class", {"": "All classes", **CLASS_TEXTS}, wanted.alarm_class),
        district_choice(places, wanted.district),
        tag("button.act", "Show", type="submit"),
        method="get",
        action=PATH,
        aria_label="Filter",
    )
