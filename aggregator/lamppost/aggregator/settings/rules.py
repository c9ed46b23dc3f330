"""What a configuration key may hold, and the words for when it holds something else."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from lamppost.wire.topic import TopicError, state_topic

T = TypeVar("T")
Check = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """One key's rule: `check` returns the value to use or raises ValueError."""

    check: Check
    allowed: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a configuration: where, what came, what is allowed."""

    file: str
    key: str
    came: object
    allowed: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: came {self.came!r}, allowed: {self.allowed}"


class ConfigError(ValueError):
    """A configuration that cannot be used, with every problem found in it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
        self.file, self.key = problems[0].file, problems[0].key
        self.came, self.allowed = problems[0].came, problems[0].allowed


def ruled(rule: Rule, default: object) -> Any:  # noqa: ANN401 - as dataclasses.field
    """A dataclass field with its default and its rule."""
    return field(default=default, metadata={"rule": rule})


def number(low: float, high: float, unit: str) -> Rule:
    """A number of `unit` within bounds; integers are taken as they are."""

    def check(value: object) -> float:
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise ValueError  # noqa: TRY004 - the caller turns it into a Problem
        if not math.isfinite(value) or not low <= value <= high:
            raise ValueError
        return float(value)

    return Rule(check, f"a number of {unit} in {low:g}..{high:g}")


def whole(low: int, high: int, what: str) -> Rule:
    """A whole number within bounds."""

    def check(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError
        return value

    return Rule(check, f"{what}, a whole number in {low}..{high}")


def flag(what: str) -> Rule:
    """True or false."""

    def check(value: object) -> bool:
        if not isinstance(value, bool):
            raise ValueError  # noqa: TRY004 - the caller turns it into a Problem
        return value

    return Rule(check, f"true or false: {what}")


def text(what: str) -> Rule:
    """Any string; the empty one means none."""

    def check(value: object) -> str:
        if not isinstance(value, str):
            raise ValueError  # noqa: TRY004 - the caller turns it into a Problem
        return value

    return Rule(check, what)


def host_id() -> Rule:
    """A Sparkplug host id."""

    def check(value: object) -> str:
        if not isinstance(value, str):
            raise ValueError  # noqa: TRY004 - the caller turns it into a Problem
        try:
            state_topic(value)
        except TopicError as error:
            raise ValueError from error
        return value

    return Rule(check, "a Sparkplug host id without '+', '/' and '#'")


def readable_file(what: str) -> Rule:
    """A path to a file; relative paths start at the configuration's folder."""

    def check(value: object) -> Path | None:
        if value == "":
            return None
        path = Path(str(value))
        if not path.is_file():
            raise ValueError
        return path

    return Rule(check, what)


def section(
    cls: type[T], table: object, name: str, file: str, base: Path, problems: list[Problem]
) -> T:
    """Build dataclass `cls` from a TOML table; what is wrong goes to `problems`."""
    if not isinstance(table, dict):
        problems.append(Problem(file, f"[{name}]", table, "a table"))
        return cls()
    known = {f.name: f for f in fields(cls)}  # type: ignore[arg-type]
    for key in table.keys() - known.keys():
        allowed = "one of " + ", ".join(known)
        problems.append(Problem(file, f"[{name}] {key}", table[key], allowed))
    values: dict[str, object] = {}
    for key in table.keys() & known.keys():
        rule: Rule = known[key].metadata["rule"]
        came = table[key]
        if key.endswith(("_file", "_dir")) and isinstance(came, str) and came:
            came = str(base / came)
        try:
            values[key] = rule.check(came)
        except (ValueError, TypeError):
            problems.append(Problem(file, f"[{name}] {key}", table[key], rule.allowed))
    return cls(**values)
