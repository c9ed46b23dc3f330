"""What this process was configured with, as it may be shown: told once, by whoever starts it.

The console is one application a process, so there is one configuration to show, too.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, without secrets.

    Attributes:
        section: Of the file, such as "data".
        name: Of the key.
        value: As a person reads it.
        allowed: What may stand there.
        is_default: Whether nobody has set it.
    """

    section: str
    name: str
    value: str
    allowed: str
    is_default: bool


_told: tuple[Setting, ...] = ()


def tell(settings: Iterable[Setting]) -> None:
    """Say what this process runs with."""
    global _told
    _told = tuple(settings)


def told() -> tuple[Setting, ...]:
    """Return what was told; nothing when nobody did."""
    return _told
