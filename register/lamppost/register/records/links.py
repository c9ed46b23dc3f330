"""What people say of channels: which asset they tell of, and when they were calibrated."""

import json
import math
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from lamppost.register.records.births import WHO as BIRTHS
from lamppost.register.records.refusals import RefusedError as RefusedError  # noqa: PLC0414 - callers know it from here
from lamppost.register.records.tables import link
from lamppost.register.records.values import ROLES, UNCERTAINTY_CLASSES
from lamppost.register.records.writing import Row, Writer

TEXT_CHARS_MAX = 200


def bind(
    writer: Writer,
    channel: str,
    asset: str,
    role: str,
    who: str,
    since_ms: int,
    commissioning: str | None = None,
) -> tuple[str, bool]:
    """Say that a channel tells of an asset, in a role; returns the link's id and if it is new.

    The same said twice is said once: the running link stays. What a birth has said of the
    channel ends: people count more.

    Raises:
        OutsideError: the channel tells of an asset outside the writer's districts already.
        RefusedError: there is no such channel, asset or role, or the asset has ended.
    """
    if role not in ROLES:
        raise RefusedError(f"role: came {role!r}, allowed: {', '.join(ROLES)}")
    found(writer, "channel", channel)
    writer.check_free(channel)
    if found(writer, "asset", asset)["valid_to_ms"] is not None:
        raise RefusedError(f"asset: came {asset!r}, allowed: one that has not ended")
    if who == BIRTHS:
        raise RefusedError(f"by: came {who!r}, allowed: the name of a person")
    holding = select(link).where(link.c.channel == channel, link.c.valid_to_ms.is_(None))
    running = writer.take("link", holding)
    for one, row in running.items():
        same = (row["asset"], row["role"]) == (asset, role)
        if same and row["asserted_by"] != BIRTHS:
            return one, False
    one = link_id(channel, asset, role, since_ms)
    if writer.load("link", [one]):
        raise RefusedError(
            f"since: came {since_ms}, allowed: another time; the link of that time has ended"
        )
    facts = {
        "channel": channel,
        "asset": asset,
        "role": role,
        "asserted_by": _text("by", who),
        "ended_by": None,
        "commissioning": commissioning,
    }
    writer.create("link", one, facts, since_ms)
    for row in running.values():
        if row["asserted_by"] == BIRTHS:
            end_link(writer, row, who, since_ms)
    return one, True


def unbind(writer: Writer, one: str, who: str, at_ms: int) -> bool:
    """End a link; returns False when it had ended already.

    Raises:
        RefusedError: there is no such link, or it began after `at_ms`.
    """
    row = found(writer, "link", one)
    if at_ms < row["valid_from_ms"]:
        began = row["valid_from_ms"]
        raise RefusedError(f"until: came {at_ms}, allowed: from {began}, when it began")
    return end_link(writer, row, _text("by", who), at_ms)


def end_link(writer: Writer, row: Row, who: str, at_ms: int) -> bool:
    """End a link; one that has ended stays as it is."""
    if row["valid_to_ms"] is not None:
        return False
    ended = {"valid_to_ms": max(at_ms, row["valid_from_ms"]), "ended_by": who}
    return writer.change("link", row, ended, "close")


def calibrate(
    writer: Writer, channel: str, done_ms: int, due_ms: int | None, certificate: str | None
) -> bool:
    """Note a calibration of a channel; returns False when it was noted already.

    Raises:
        RefusedError: there is no such channel, or it is due before it was done.
    """
    if due_ms is not None and due_ms <= done_ms:
        raise RefusedError(f"due: came {due_ms}, allowed: after the calibration, {done_ms}")
    facts: Mapping[str, Any] = {
        "calibrated_ms": done_ms,
        "calibration_due_ms": due_ms,
        "certificate": None if certificate is None else _text("certificate", certificate),
    }
    return writer.change("channel", found(writer, "channel", channel), facts)


def rate(
    writer: Writer, channel: str, accuracy: float | None, uncertainty_class: str | None
) -> bool:
    """Note how good a channel may be; None leaves a fact as it is.

    Raises:
        RefusedError: there is no such channel or class, or the accuracy is no positive number.
    """
    facts: dict[str, Any] = {}
    if accuracy is not None:
        if not 0 < accuracy < math.inf:
            raise RefusedError(f"accuracy: came {accuracy}, allowed: more than 0, in its unit")
        facts["accuracy"] = float(accuracy)
    if uncertainty_class is not None:
        if uncertainty_class not in UNCERTAINTY_CLASSES:
            allowed = ", ".join(UNCERTAINTY_CLASSES)
            raise RefusedError(f"class: came {uncertainty_class!r}, allowed: {allowed}")
        facts["uncertainty_class"] = uncertainty_class
    return writer.change("channel", found(writer, "channel", channel), facts)


def found(writer: Writer, kind: str, one: str) -> Row:
    """Return a record that must be there.

    Raises:
        RefusedError: it is not.
    """
    row = writer.load(kind, [one]).get(one)
    if row is None:
        raise RefusedError(f"{kind}: came {one!r}, allowed: the id of one that is known here")
    return row


def link_id(channel: str, asset: str, role: str, since_ms: int, *others: str) -> str:
    """Return a short name for facts that may be long."""
    return short_id("link", channel, asset, role, since_ms, *others)


def short_id(kind: str, *facts: str | int) -> str:
    """Return a short name of a kind for facts that may be long."""
    return f"{kind}-{sha256(json.dumps(facts).encode()).hexdigest()[:20]}"


def _text(name: str, value: str) -> str:
    if not 0 < len(value) <= TEXT_CHARS_MAX or not value.isprintable():
        allowed = f"1 to {TEXT_CHARS_MAX} printable characters"
        raise RefusedError(f"{name}: came {value[:60]!r}, allowed: {allowed}")
    return value
