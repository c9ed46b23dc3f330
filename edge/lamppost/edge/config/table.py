"""A TOML table that is read key by key; every key nobody asked for is an error."""

import difflib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

from lamppost.edge.config.problems import Report, shown

ID_PATTERN: Final = re.compile(r"[^+/#\x00-\x1f\x7f]{1,255}")
ID_ALLOWED: Final = "1..255 characters, none of them + / # or a control character"
MAX_TEXT: Final = 1024

T = TypeVar("T")


class _Required:
    """The default of a key that has none."""


REQUIRED: Final = _Required()


class Table:
    """One table of the file. Each method reads one key, notes what is wrong and goes on.

    A wrong or missing value is noted and a harmless stand-in returned, so that one pass over
    the file finds everything; whoever owns the `Report` raises at the end. Call `close` when
    all keys are read: what is left over is unknown to everybody.
    """

    def __init__(
        self,
        values: Mapping[str, object],
        name: str,
        report: Report,
        also: Iterable[str] = (),
    ) -> None:
        """Start reading.

        Args:
            values: the table as TOML gave it.
            name: how messages call the table, for example `device.pump-1.options`.
            report: takes the problems.
            also: keys that are read elsewhere; named when a key is unknown.
        """
        self.name = name
        self._values = values
        self._report = report
        self._known = dict.fromkeys(also)

    def wrong(self, key: str, allowed: str) -> None:
        """Note that the value of `key` is not allowed."""
        self._report(self.name, key, shown(self._values.get(key)), allowed)

    def has(self, key: str) -> bool:
        """Whether the file gives the key."""
        return key in self._values

    def number(
        self,
        key: str,
        low: float,
        high: float,
        default: float | _Required = REQUIRED,
        what: str = "a number",
    ) -> float:
        """A finite number in `low..high`; `what` names it in messages, with its unit."""
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return self._refuse(key, value, f"{what} in {low:g}..{high:g}", low)
        if not (math.isfinite(value) and low <= value <= high):
            return self._refuse(key, value, f"{what} in {low:g}..{high:g}", low)
        return float(value)

    def maybe_number(self, key: str, what: str = "a number") -> float | None:
        """A finite number, or None when the key is not there."""
        self._known[key] = None
        if key not in self._values:
            return None
        value = self._values[key]
        if isinstance(value, bool) or not isinstance(value, int | float):
            return self._refuse(key, value, what, None)
        if not math.isfinite(value):
            return self._refuse(key, value, f"{what}, finite", None)
        return float(value)

    def integer(
        self, key: str, low: int, high: int, default: int | _Required = REQUIRED
    ) -> int:
        """A whole number in `low..high`."""
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            return self._refuse(key, value, f"a whole number in {low}..{high}", low)
        return value

    def boolean(self, key: str, default: bool | _Required = REQUIRED) -> bool:
        """`true` or `false`."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            return self._refuse(key, value, "true or false", False)
        return value

    def text(self, key: str, default: str | _Required = REQUIRED, *, empty: bool = True) -> str:
        """A string of at most `MAX_TEXT` characters."""
        value = self._take(key, default)
        if not isinstance(value, str) or len(value) > MAX_TEXT or not (value or empty):
            least = 0 if empty else 1
            return self._refuse(key, value, f"a text of {least}..{MAX_TEXT} characters", "")
        return value

    def identifier(self, key: str, default: str | _Required = REQUIRED) -> str:
        """A Sparkplug id: it becomes one level of a topic."""
        value = self._take(key, default)
        if not isinstance(value, str) or not ID_PATTERN.fullmatch(value):
            return self._refuse(key, value, ID_ALLOWED, "")
        return value

    def choice(
        self, key: str, allowed: Iterable[str], default: str | _Required = REQUIRED
    ) -> str:
        """One of a few words."""
        words = tuple(allowed)
        value = self._take(key, default)
        if value not in words or not isinstance(value, str):
            hint = _hint(value, words) if isinstance(value, str) else ""
            return self._refuse(key, value, f"one of {', '.join(words)}{hint}", words[0])
        return value

    def file(self, key: str, beside: Path, *, required: bool = False) -> Path | None:
        """A file that exists and can be read; a relative path starts at the folder `beside`."""
        value = self._take(key, REQUIRED if required else "")
        if not isinstance(value, str) or (required and not value):
            return self._refuse(key, value, "the path of a readable file", None)
        if not value:
            return None
        path = beside / Path(value).expanduser()
        try:
            with path.open("rb"):
                return path
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            return self._refuse(
                key, value, f"the path of a readable file (this one: {reason})", None
            )

    def table(self, key: str) -> Mapping[str, object]:
        """A table inside this one; empty when it is not there."""
        value = self._take(key, {})
        if not isinstance(value, dict):
            return self._refuse(key, value, f"a table [{self._inner(key)}]", {})
        return value

    def tables(self, key: str, most: int) -> Sequence[Mapping[str, object]]:
        """A list of 1..`most` tables inside this one."""
        value = self._take(key, [])
        allowed = f"1..{most} tables [[{self._inner(key)}]]"
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            return self._refuse(key, value, allowed, [])
        if not 1 <= len(value) <= most:
            self._report(self.name, key, str(len(value)), allowed)
        return value[:most]

    def rest(self) -> Mapping[str, object]:
        """What nobody has asked for yet, to be read by someone else."""
        return {key: value for key, value in self._values.items() if key not in self._known}

    def known(self) -> tuple[str, ...]:
        """The keys asked for so far."""
        return tuple(self._known)

    def close(self) -> None:
        """Note every key that nobody asked for. Its value is not shown: it may be a secret."""
        known = sorted(self._known)
        for key in self.rest():
            allowed = f"one of {', '.join(known)}{_hint(key, known)}" if known else "no key"
            self._report(self.name, key, "an unknown key", allowed)

    def _inner(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key

    def _take(self, key: str, default: object) -> object:
        self._known[key] = None
        value = self._values.get(key, default)
        return None if value is REQUIRED else value

    def _refuse(self, key: str, value: object, allowed: str, instead: T) -> T:
        self._report(self.name, key, shown(value), allowed)
        return instead


def _hint(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""
