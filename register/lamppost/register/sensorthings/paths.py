"""Addresses: `Things('asset:pump-1')/Datastreams`, read and written."""

import re
from dataclasses import dataclass
from urllib.parse import quote

PREFIX = "/v1.1"
STEP = re.compile(r"([A-Za-z]{1,40})(?:\('((?:[^']|''){1,1200})'\))?(?:/|$)")
STEPS_MAX = 5


@dataclass(frozen=True, slots=True)
class Step:
    """One part of an address: a collection, or one entity of it."""

    name: str
    id: str | None


def read_path(path: str) -> tuple[Step, ...] | None:
    """Return the steps of an address below `PREFIX`; None when it is none."""
    steps: list[Step] = []
    at = 0
    while at < len(path):
        found = STEP.match(path, at)
        if found is None or len(steps) == STEPS_MAX:
            return None
        name, quoted = found.groups()
        steps.append(Step(name, None if quoted is None else quoted.replace("''", "'")))
        at = found.end()
    return tuple(steps)


def address(base: str, name: str, one: str) -> str:
    """Return where an entity is found."""
    return f"{base}{PREFIX}/{name}('{quote(one.replace(chr(39), chr(39) * 2), safe='')}')"
