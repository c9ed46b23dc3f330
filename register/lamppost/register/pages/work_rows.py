"""Work orders as lines with buttons, and the questions that deeds ask."""

from urllib.parse import quote, urlencode

from lamppost.register import words
from lamppost.register.alarms.priority import WORDS
from lamppost.register.markup import Markup, tag
from lamppost.register.pages.forms import button, line, lines, question
from lamppost.register.panels.rows import Row
from lamppost.register.work.values import DONE, ENDED, OPEN, TABLE, WorkOrder

STATE_TEXTS = {
    "": "Not ended",
    "open": "Open",
    "in_progress": "In progress",
    "done": "Done, not verified",
    "verified": "Verified",
    "cancelled": "Cancelled",
}
"""The states as people read them; "" is every state but the last two."""


def row(order: WorkOrder, now_ms: int) -> Row:
    """Return an order as a line; it changes only when the order does, or falls due."""
    parts = [_what(order), _where(order), _standing(order, now_ms)]
    return Row(order.id, Markup.join_all(parts), "order", acts=_acts(order))


def questions() -> Markup:
    """Return the dialogs of the page."""
    return Markup.join_all(
        [
            question(
                "finish",
                "The work is done",
                "Finish",
                lines("cause", "What was found"),
                lines("work", "What was done"),
                lines("closure", "What remains to be said", is_needed=False),
            ),
            question(
                "verify", "The work has helped", "Verify", lines("closure", "What shows it")
            ),
            question(
                "reopen", "The work has not helped", "Reopen", lines("closure", "What shows it")
            ),
            question(
                "assign",
                "Assign this order",
                "Assign",
                line("to", "To whom", is_needed=False, hint="empty: to nobody"),
            ),
        ]
    )


def _what(order: WorkOrder) -> Markup:
    return tag(
        "div.what",
        tag("b", order.id),
        " ",
        tag("span.sub", f"{WORDS[order.priority]} priority"),
    )


def _where(order: WorkOrder) -> Markup:
    thing = Markup("")
    if order.asset:
        thing = tag("a.sub", order.asset, href=f"/assets/{quote(order.asset, safe='')}")
    alarm = Markup("")
    if order.alarm:
        told = f"Alarm {order.alarm}"
        alarm = tag("a.sub", told, href=f"/alarms?{urlencode({'incident': order.alarm})}")
    place = tag("span.sub", order.district or "")
    return tag("div.where", tag("b", order.title), " ", thing, " ", place, " ", alarm)


def _standing(order: WorkOrder, now_ms: int) -> Markup:
    told = [tag("b", STATE_TEXTS[order.state])]
    told += [tag("span", one) for one in _history(order, now_ms)]
    if order.due_ms and order.done_ms is None and order.state not in ENDED:
        is_late = order.due_ms < now_ms
        due = f"{'was due' if is_late else 'due'} {words.moment(order.due_ms, now_ms)}"
        told.append(tag("span.warn" if is_late else "span", due))
    return tag("div.standing", *told)


def _history(order: WorkOrder, now_ms: int) -> list[str]:
    told = [f"assigned to {order.assignee}"] if order.assignee else []
    if order.started_ms:
        told.append(f"begun {words.moment(order.started_ms, now_ms)}")
    if order.done_ms:
        told.append(f"done {words.moment(order.done_ms, now_ms)}")
    for name, said in (("found", order.cause), ("did", order.action), ("note", order.closure)):
        if said:
            told.append(f"{name}: {said}")
    if order.verification:
        told.append(f"readings: {order.verification.get('outcome')}")
    if order.reopened:
        told.append(f"reopened {words.count(order.reopened, 'time')}")
    return told


def _acts(order: WorkOrder) -> Markup:
    allowed = TABLE[order.state]
    offered = {
        "start": ("Start", order.state == OPEN),
        "finish": ("Finish…", "finish" in allowed),
        "verify": ("Verify…", order.state == DONE),
        "reopen": ("Not helped…", "reopen" in allowed),
        "assign": ("Assign…", order.state not in ENDED),
    }
    about = f"{order.id}, {order.title}"
    buttons = [
        button(deed, label, order.id, order.version, about)
        for deed, (label, is_offered) in offered.items()
        if is_offered
    ]
    return tag("div.acts", *buttons)
