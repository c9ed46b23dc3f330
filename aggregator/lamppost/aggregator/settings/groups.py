"""Groups of sensors that a configuration names: `[[groups]]` with a name and its members."""

from collections.abc import Iterable
from dataclasses import dataclass

from lamppost.aggregator.settings.rules import Problem

MAX_GROUPS = 10_000
MAX_MEMBERS = 8
KEYS = ("name", "members")


@dataclass(frozen=True, slots=True)
class GroupConfig:
    """One group; members are GROUP/NODE/DEVICE/METRIC, or GROUP/NODE/METRIC."""

    name: str
    members: tuple[str, ...]


def read_groups(tables: object, file: str, problems: list[Problem]) -> tuple[GroupConfig, ...]:
    """Check the `[[groups]]` tables of a configuration; what is wrong goes to `problems`."""
    if not isinstance(tables, list) or len(tables) > MAX_GROUPS:
        allowed = f"[[groups]] tables, at most {MAX_GROUPS}"
        problems.append(Problem(file, "[[groups]]", type(tables).__name__, allowed))
        return ()
    found: list[GroupConfig] = []
    for number, table in enumerate(tables, 1):
        one = _group(table, f"[[groups]] number {number}", file, problems)
        if one is None:
            continue
        if one.name in {other.name for other in found}:
            where = f"[[groups]] number {number}: name"
            problems.append(Problem(file, where, one.name, "a name that no other group has"))
        twice = set(one.members) & {name for other in found for name in other.members}
        if twice or len(set(one.members)) < len(one.members):
            where = f"[[groups]] number {number}: members"
            allowed = "channels that are in one group, once"
            problems.append(Problem(file, where, sorted(twice or one.members), allowed))
        found.append(one)
    return tuple(found)


def _group(table: object, where: str, file: str, problems: list[Problem]) -> GroupConfig | None:
    if not isinstance(table, dict):
        problems.append(Problem(file, where, table, "a table"))
        return None
    before = len(problems)
    problems.extend(
        Problem(file, f"{where}: {key}", table[key], "one of " + ", ".join(KEYS))
        for key in table.keys() - set(KEYS)
    )
    name, members = table.get("name"), table.get("members")
    if not isinstance(name, str) or not name:
        problems.append(Problem(file, f"{where}: name", name, "a name"))
    if not _are_members(members):
        allowed = f"2 to {MAX_MEMBERS} of GROUP/NODE/DEVICE/METRIC"
        problems.append(Problem(file, f"{where}: members", members, allowed))
    if len(problems) > before or not isinstance(members, list):
        return None
    return GroupConfig(str(name), tuple(members))


def _are_members(members: object) -> bool:
    if not isinstance(members, list) or not 2 <= len(members) <= MAX_MEMBERS:
        return False
    return all(isinstance(one, str) and _is_path(one.split("/")) for one in members)


def _is_path(parts: Iterable[str]) -> bool:
    names = list(parts)
    return len(names) >= 3 and all(names)
