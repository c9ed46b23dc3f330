"""The card that says when alarms are passed on and to whom, and changes it."""

from lamppost.register import words
from lamppost.register.alarms.escalation import LEVELS_MAX, MINUTE_MS, Policy, decide
from lamppost.register.alarms.priority import WORDS
from lamppost.register.markup import Markup
from lamppost.register.pages.alarm_rows import SHELF_HOURS
from lamppost.register.pages.deeds import Asked
from lamppost.register.pages.forms import button, line, question
from lamppost.register.pages.sheets import note, part, table
from lamppost.register.records.links import RefusedError
from lamppost.register.records.writing import Writer

DEED = "escalate-"
ORDER = ("first", "second", "third")
HEADS = ("Priority", "Passed on, unacknowledged", "To whom")


def card(policy: Policy, *, acts: bool) -> Markup:
    """Return the card, with buttons for whom they are for."""
    heads = (*HEADS, "Change") if acts else HEADS
    rows = []
    for priority, name in sorted(WORDS.items()):
        cells = [name, _when(policy, priority), _whom(policy, priority)]
        if acts:
            about = f"alarms of {name} priority"
            deed = f"{DEED}{priority}"
            cells.append(button(deed, "Change…", str(priority), None, about))
        rows.append(cells)
    longest = max(int(hours) for hours in SHELF_HOURS) // 24
    told = "The list of alarms names whom to tell and when; nothing is sent to them from here."
    return part(
        "Alarms",
        table("When alarms are passed on", heads, rows),
        note(f"{told} A shelf lasts {longest} days at most."),
    )


def questions(policy: Policy) -> Markup:
    """Return the dialogs of the buttons."""
    return Markup.join_all([_question(policy, priority) for priority in sorted(WORDS)])


def done(writer: Writer, wanted: Asked) -> str:
    """Decide on a priority; returns the sentence for success.

    Raises:
        RefusedError: it is another deed, or a field is wrong.
    """
    told = wanted.deed.removeprefix(DEED)
    if wanted.deed == told or told not in {str(one) for one in WORDS}:
        came = wanted.deed[:40]
        raise RefusedError(f"deed: came {came!r}, allowed: the buttons of this page")
    minutes = wanted.said.get("minutes", "").strip()
    if minutes and not (minutes.isascii() and minutes.isdigit()):
        raise RefusedError(f"minutes: came {minutes[:40]!r}, allowed: a number, or nothing")
    tell = [wanted.said.get(f"tell-{level}", "") for level in range(1, LEVELS_MAX + 1)]
    name = WORDS[int(told)]
    if not decide(writer, int(told), int(minutes) if minutes else None, tell):
        return f"Alarms of {name} priority are passed on like that already."
    return f"Alarms of {name} priority are passed on like that from now on."


def _question(policy: Policy, priority: int) -> Markup:
    after_ms = policy.after_ms.get(priority)
    minutes = None if after_ms is None else str(after_ms // MINUTE_MS)
    levels = enumerate(ORDER, 1)
    return question(
        f"{DEED}{priority}",
        f"When alarms of {WORDS[priority]} priority are passed on",
        "Decide",
        line("minutes", "Minutes before each time", is_needed=False, hint="empty: never",
             value=minutes),
        *(
            line(f"tell-{level}", f"Whom the {nth} time", is_needed=False,
                 hint="empty: nobody in particular", value=policy.whom(priority, level) or None)
            for level, nth in levels
        ),
    )  # fmt: skip


def _when(policy: Policy, priority: int) -> str:
    after_ms = policy.after_ms.get(priority)
    if after_ms is None:
        return "never"
    return f"after each {words.span(after_ms)}, {policy.levels} times at most"


def _whom(policy: Policy, priority: int) -> str:
    named = [policy.whom(priority, level) for level in range(1, policy.levels + 1)]
    if priority not in policy.after_ms:
        return ""
    if not any(named):
        return "nobody in particular"
    return ", then ".join(one or "nobody in particular" for one in named)
