"""What Grafana makes of the variables in a query before it sends it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lamppost.dashboards.variables import EVERY

Value = str | tuple[str, ...]
_VARIABLE = re.compile(r"\$\{(\w+)(?::(\w+))?\}|\$(\w+)")
# The characters that Grafana escapes in its format "regex", the slash among them.
_SPECIAL = re.compile(r"[\\^$*+?.()|\[\]{}/]")


class UnknownVariable(ValueError):  # noqa: N818 - says what is wrong with the query
    """A query uses a variable that nobody defines."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a person looks at.

    Attributes:
        from_ms: the beginning of the range.
        to_ms: its end.
        step: the interval that Grafana would choose.
        values: of the board's variables; `EVERY` for all.
    """

    from_ms: int
    to_ms: int
    step: str = "1m"
    values: Mapping[str, Value] = field(default_factory=dict)

    def filled(self, text: str) -> str:
        """Return a query as Grafana would send it.

        Raises:
            UnknownVariable: it uses one that is not in the scene.
        """
        own = {
            "timeFilter": f"time >= {self.from_ms}ms and time <= {self.to_ms}ms",
            "__interval": self.step,
        }

        def value(found: re.Match[str]) -> str:
            name, how = found[1] or found[3], found[2] or ""
            if name in own:
                return own[name]
            if name not in self.values:
                allowed = ", ".join(sorted({*own, *self.values}))
                raise UnknownVariable(f"{text}: came ${name}, allowed: {allowed}")
            return _formatted(self.values[name], how)

        return _VARIABLE.sub(value, text)


def _formatted(value: Value, how: str) -> str:
    if value == EVERY:  # Grafana leaves a custom "all" as it is, whatever the format
        return EVERY
    values = (value,) if isinstance(value, str) else value
    if how == "regex":
        values = tuple(map(escaped, values))
    return values[0] if len(values) == 1 else f"({'|'.join(values)})"


def escaped(value: str) -> str:
    """Return a value as Grafana escapes it for a regular expression."""
    return _SPECIAL.sub(lambda found: "\\" + found[0], value)
