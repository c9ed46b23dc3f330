"""What may be said of a resource, field by field and together."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from lamppost.register.records.deciding import NAME_CHARS_MAX, text
from lamppost.register.records.links import RefusedError
from lamppost.register.resources.values import ACCESS, PROVENANCE

Check = Callable[[str, Any], Any]

LIST_MAX = 50
RETENTION_DAYS_MAX = 36_525
COST_MAX = 1e12

EMPTY: Mapping[str, Any] = {
    "description": None, "owner": None, "steward": None, "contact": None, "licence": None,
    "access": "restricted", "personal_data": None, "purpose": None, "legal_basis": None,
    "retention_days": None, "recipients": [], "support_end_on": None, "cost_year": None,
    "currency": None, "contract_end_on": None, "endpoint_url": None, "media_type": None,
    "conforms_to": None, "keywords": [], "provenance": None, "gathers_class": None,
    "gathers_group": None, "review_due_on": None, "review_note": None,
}  # fmt: skip
"""What a resource is until somebody says more; also the fields that may be said."""


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts that may be kept, each by itself; None takes a fact back.

    Raises:
        RefusedError: one of them is none.
    """
    facts = {}
    for name, value in given.items():
        if name != "name" and name not in EMPTY:
            raise RefusedError(f"came {name[:60]!r}, allowed: name, {', '.join(EMPTY)}")
        if value is None:
            facts[name] = EMPTY.get(name)
        else:
            check: Check = CHECKS.get(name, _long)
            facts[name] = check(name, value)
    if facts.get("name", "") is None:
        raise RefusedError("name: came nothing, allowed: what people call it")
    return facts


def check_together(kind: str, row: Mapping[str, Any]) -> None:
    """Refuse facts that contradict each other.

    Raises:
        RefusedError: they do.
    """
    if row["access"] == "public" and (row["personal_data"] is not False or not row["licence"]):
        raise RefusedError(
            "access: came 'public', allowed: only with a licence and personal_data false"
        )
    if row["personal_data"] and not (row["purpose"] and row["legal_basis"]):
        raise RefusedError("personal_data: came true, allowed: with purpose and legal_basis")
    if (row["cost_year"] is None) != (row["currency"] is None):
        raise RefusedError("cost_year and currency: allowed: both, or none of them")
    if kind != "dataset" and (row["gathers_class"] or row["gathers_group"]):
        raise RefusedError(f"gathers_class, gathers_group: of a dataset, came kind {kind!r}")


def name_of(name: str, value: Any) -> str:  # noqa: ANN401 - whatever came
    """Return a short text."""
    if not isinstance(value, str) or "\n" in value:
        raise RefusedError(f"{name}: came {str(value)[:60]!r}, allowed: one line of text")
    return text(name, value, NAME_CHARS_MAX)


def day(name: str, value: Any) -> str:  # noqa: ANN401 - whatever came
    """Return a day as YYYY-MM-DD."""
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError) as error:
        told = f"{name}: came {str(value)[:60]!r}, allowed: a day, YYYY-MM-DD"
        raise RefusedError(told) from error


def _long(name: str, value: Any) -> str:  # noqa: ANN401 - whatever came
    if not isinstance(value, str):
        raise RefusedError(f"{name}: came {str(value)[:60]!r}, allowed: text")
    return text(name, value)


def _one_of(*allowed: str) -> Callable[[str, Any], str]:
    def check(name: str, value: Any) -> str:  # noqa: ANN401 - whatever came
        if value not in allowed:
            told = ", ".join(allowed)
            raise RefusedError(f"{name}: came {str(value)[:60]!r}, allowed: {told}")
        return str(value)

    return check


def _names(name: str, value: Any) -> list[str]:  # noqa: ANN401 - whatever came
    if not isinstance(value, list) or len(value) > LIST_MAX:
        raise RefusedError(f"{name}: allowed: a list of at most {LIST_MAX}")
    return list(dict.fromkeys(name_of(name, one) for one in value))


def _flag(name: str, value: Any) -> bool:  # noqa: ANN401 - whatever came
    if not isinstance(value, bool):
        raise RefusedError(f"{name}: came {str(value)[:60]!r}, allowed: true, false")
    return value


def _days(name: str, value: Any) -> int:  # noqa: ANN401 - whatever came
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not 1 <= value <= RETENTION_DAYS_MAX:
        allowed = f"1 to {RETENTION_DAYS_MAX}"
        raise RefusedError(f"{name}: came {str(value)[:60]!r}, allowed: {allowed}")
    return int(value)


def _cost(name: str, value: Any) -> float:  # noqa: ANN401 - whatever came
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not (math.isfinite(value) and 0 <= value <= COST_MAX):
        raise RefusedError(f"{name}: came {str(value)[:60]!r}, allowed: 0 to {COST_MAX:.0e}")
    return float(value)


def _currency(name: str, value: Any) -> str:  # noqa: ANN401 - whatever came
    if not isinstance(value, str) or not re.fullmatch("[A-Z]{3}", value):
        told = "allowed: three letters of ISO 4217, such as EUR"
        raise RefusedError(f"{name}: came {str(value)[:60]!r}, {told}")
    return value


def _url(name: str, value: Any) -> str:  # noqa: ANN401 - whatever came
    whole = _long(name, value)
    try:
        parts = urlsplit(whole)
        fits = parts.scheme in ("http", "https") and parts.hostname and not parts.username
    except ValueError:
        fits = False
    if not fits or any(mark in whole for mark in " <>\"'\n"):
        allowed = "http(s)://HOST/..., without a user"
        raise RefusedError(f"{name}: came {whole[:60]!r}, allowed: {allowed}")
    return whole


CHECKS: Mapping[str, Check] = {
    **dict.fromkeys(
        ("name", "owner", "steward", "contact", "media_type", "conforms_to", "licence",
         "gathers_class", "gathers_group"),
        name_of,
    ),
    **dict.fromkeys(("support_end_on", "contract_end_on", "review_due_on"), day),
    **dict.fromkeys(("recipients", "keywords"), _names),
    "access": _one_of(*ACCESS),
    "provenance": _one_of(*PROVENANCE),
    "personal_data": _flag,
    "retention_days": _days,
    "cost_year": _cost,
    "currency": _currency,
    "endpoint_url": _url,
}  # fmt: skip
"""By field; any other is text of several lines."""
