"""Alarms as lines with buttons, and the questions that deeds ask."""

from urllib.parse import quote

from lamppost.register import words
from lamppost.register.alarms.escalation import Policy, next_ms
from lamppost.register.alarms.priority import WORDS
from lamppost.register.alarms.states import TABLE
from lamppost.register.alarms.values import NORMAL, SHELVED, Alarm
from lamppost.register.markup import SHAPES, Markup, icon, tag
from lamppost.register.pages.alarm_list import STATE_TEXTS, Shown
from lamppost.register.pages.forms import button, line, lines, question, select
from lamppost.register.panels.event_rows import CLASS_TEXTS
from lamppost.register.panels.rows import Row

SHELF_HOURS = {
    "1": "1 hour",
    "4": "4 hours",
    "8": "8 hours: a shift",
    "24": "1 day",
    "72": "3 days: a weekend",
    "168": "7 days",
}
"""As long as a shelf may last; see `states.SHELF_MAX_MS`."""


def row(shown: Shown, now_ms: int) -> Row:
    """Return an alarm as a line; it changes only when the alarm does."""
    alarm = shown.alarm
    return Row(
        alarm.id,
        Markup.join_all([_what(alarm), _where(alarm), _standing(shown, now_ms)]),
        f"alarm {alarm.alarm_class}",
        acts=_acts(alarm),
    )


def questions() -> Markup:
    """Return the dialogs of the page."""
    return Markup.join_all(
        [
            question(
                "shelve",
                "Shelve this alarm",
                "Shelve",
                select("hours", "For how long", SHELF_HOURS, "8"),
                lines("reason", "Why"),
            ),
            question(
                "assign",
                "Assign this alarm",
                "Assign",
                line("to", "To whom", is_needed=False, hint="empty: to nobody"),
            ),
        ]
    )


def _what(alarm: Alarm) -> Markup:
    known = alarm.alarm_class if alarm.alarm_class in SHAPES else "warning"
    words_of = CLASS_TEXTS.get(alarm.alarm_class, alarm.alarm_class)
    return tag(
        "div.what",
        tag(f"span.badge.{known}", icon(known), words_of),
        tag("span.sub", f"{WORDS[alarm.priority]} priority"),
    )


def _where(alarm: Alarm) -> Markup:
    place = tag("span.sub", alarm.district or "")
    thing = Markup("")
    if alarm.asset:
        thing = tag("a.sub", alarm.asset, href=f"/assets/{quote(alarm.asset)}")
    reason = tag("p", alarm.reason)
    return tag("div.where", tag("b", alarm.source), " ", thing, " ", place, reason)


def _standing(shown: Shown, now_ms: int) -> Markup:
    alarm = shown.alarm
    told = [tag("b", STATE_TEXTS[alarm.state])]
    told += [tag("span", one) for one in _history(alarm, now_ms)]
    told += [tag("span", one) for one in _passed_on(alarm, shown.policy, now_ms)]
    return tag("div.standing", *told)


def _history(alarm: Alarm, now_ms: int) -> list[str]:
    told = [f"raised {words.moment(alarm.valid_from_ms, now_ms)}"]
    if alarm.acknowledged_by and alarm.acknowledged_ms:
        when = words.moment(alarm.acknowledged_ms, now_ms)
        told.append(f"acknowledged by {alarm.acknowledged_by}, {when}")
    if alarm.returned_ms:
        told.append(f"condition over {words.moment(alarm.returned_ms, now_ms)}")
    if alarm.hold:
        until = alarm.hold_until_ms
        end = f" until {words.moment(until, now_ms)}" if until else ""
        told.append(f"held back{end} by {alarm.hold_by}: {alarm.hold_reason}")
    if alarm.assignee:
        told.append(f"assigned to {alarm.assignee}")
    return told


def _passed_on(alarm: Alarm, policy: Policy, now_ms: int) -> list[str]:
    """What was passed on, and what will be unless somebody acknowledges it."""
    told = []
    if alarm.escalation:
        last = policy.whom(alarm.priority, alarm.escalation)
        to = f", last to {last}" if last else ""
        told.append(f"passed on {words.count(alarm.escalation, 'time')}{to}")
    at_ms = next_ms(alarm, policy)
    if at_ms is not None:
        whom = policy.whom(alarm.priority, alarm.escalation + 1)
        to = f" to {whom}" if whom else ""
        since = "since " if at_ms <= now_ms else ""
        told.append(f"to be passed on{to} {since}{words.moment(at_ms, now_ms)}")
    return told


def _acts(alarm: Alarm) -> Markup:
    allowed = TABLE[alarm.state]
    offered = {
        "acknowledge": ("Acknowledge", not alarm.acked),
        "shelve": ("Shelve…", "shelve" in allowed and alarm.state != SHELVED),
        "unshelve": ("Take off shelf", "unshelve" in allowed),
        "assign": ("Assign…", alarm.state != NORMAL),
        "order": ("Work order", alarm.state != NORMAL),
    }
    about = f"{alarm.source}: {alarm.reason}"
    buttons = [
        button(deed, label, alarm.id, alarm.version, about)
        for deed, (label, is_offered) in offered.items()
        if is_offered
    ]
    return tag("div.acts", *buttons)
