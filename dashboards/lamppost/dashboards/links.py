"""Links: from a panel to a board, from a row to the asset it is about, and to the console.

A link keeps the time range and carries what it is about in variables. Values stand in it
percent-encoded, by Grafana's own format, so a name may have any character.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TIME = "${__url_time_range}"
CONSOLE = "console"
"""The variable of each board with the address of the register's console."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link.

    Attributes:
        title: what it does, as a person would ask for it.
        url: may have Grafana's variables.
        new_tab: for what is not a board.
    """

    title: str
    url: str
    new_tab: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return it as a panel or field has it."""
        return {"targetBlank": self.new_tab, "title": self.title, "url": self.url}


def cell(column: str) -> str:
    """Return the value of another column of the same row."""
    return f"${{__data.fields.{column}:percentencode}}"


def label(tag: str) -> str:
    """Return the value of a tag of the series."""
    return f"${{__field.labels.{tag}:percentencode}}"


def to_board(
    uid: str, title: str, values: Mapping[str, str] | None = None, keep: tuple[str, ...] = ()
) -> Link:
    """Return a link to a board.

    Args:
        uid: of the board.
        title: of the link.
        values: variable to value: `cell(...)`, `label(...)`.
        keep: variables that go along with the values they have.
    """
    kept = [f"${{{name}:queryparam}}" for name in keep]
    given = [f"var-{name}={value}" for name, value in (values or {}).items()]
    return Link(title, f"/d/{uid}?" + "&".join([TIME, *kept, *given]))


def to_console(path: str, title: str, values: Mapping[str, str] | None = None) -> Link:
    """Return a link to a page of the register's console, where people act.

    Args:
        path: "/alarms".
        title: of the link.
        values: query parameter to value.
    """
    query = "&".join(f"{name}={value}" for name, value in (values or {}).items())
    url = f"${{{CONSOLE}:raw}}{path}" + (f"?{query}" if query else "")
    return Link(title, url, new_tab=True)
