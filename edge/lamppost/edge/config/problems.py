"""What can be wrong with a configuration, said so that it can be put right."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

MAX_SHOWN = 60
"""Longest piece of a wrong value that is repeated in a message, in characters."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, what came, what is allowed."""

    file: str
    table: str
    key: str
    came: str
    allowed: str

    def __str__(self) -> str:
        place = " ".join(part for part in (self.table and f"[{self.table}]", self.key) if part)
        place = f"{place}: " if place else ""
        return f"{self.file}: {place}came {self.came}, allowed: {self.allowed}"


class ConfigError(ValueError):
    """The configuration cannot be used; `problems` holds every reason found, in file order.

    `file`, `table`, `key`, `came` and `allowed` are those of the first problem.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        self.problems = tuple(problems)
        self.file = first.file
        self.table = first.table
        self.key = first.key
        self.came = first.came
        self.allowed = first.allowed
        super().__init__("\n".join(str(problem) for problem in problems))


class Report(Protocol):
    """Where a reader of settings puts what it found wrong."""

    def __call__(self, table: str, key: str, came: str, allowed: str) -> None:
        """Note one problem and go on, so that all of them are told at once."""


class Problems:
    """A growing list of what is wrong in one file; itself the `Report` to fill it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._found: list[Problem] = []

    def __call__(self, table: str, key: str, came: str, allowed: str) -> None:
        """Note one problem and go on."""
        self._found.append(Problem(self.file, table, key, came, allowed))

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._found)

    def raise_if_any(self) -> None:
        """Raise.

        Raises:
            ConfigError: at least one problem was noted.
        """
        if self._found:
            raise ConfigError(self._found)


def shown(value: object, render: Callable[[object], str] = repr) -> str:
    """A wrong value as a message repeats it: never longer than `MAX_SHOWN`."""
    text = "nothing" if value is None else render(value)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"
