"""The provisioning tree: data sources, boards and alerting as files that Grafana reads.

The files are JSON, which every YAML parser reads. Grafana replaces `$NAME` in them by the
environment, but for the queries of rules and their annotations; what is meant as it stands has
`$$` there.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lamppost.dashboards.alerting.every import every_group
from lamppost.dashboards.alerting.receivers import contact_points, mute_timings, route
from lamppost.dashboards.alerting.rule import OK, Group
from lamppost.dashboards.board import Board
from lamppost.dashboards.boards import uids
from lamppost.dashboards.boards.every import every_board
from lamppost.dashboards.datasources import data_sources
from lamppost.dashboards.provision.manifest import NAME, Manifest, read, text
from lamppost.dashboards.rendering import rendered
from lamppost.dashboards.site import PASSWORD_VARIABLE, TOKEN_VARIABLE, Site
from lamppost.dashboards.slug import folder_uid

HEADER = "# Written by `lamppost dashboards provision`; what is changed here is overwritten.\n"
ORG = 1
SOURCES_FILE = "datasources/lamppost.yaml"
BOARDS_FILE = "dashboards/lamppost.yaml"
ALERTING_FILE = "alerting/lamppost.yaml"
BOARDS_FOLDER = "lamppost-boards"
LOOKED_FOR = ("alerting", "dashboards", "datasources", "notifiers", "plugins")
"""Folders that Grafana wants to read at its start; those without a file of ours are empty."""


def provision(site: Site, folder: Path, seen_at: Path, on_error: str = OK) -> list[str]:
    """Write the tree and delete files that an earlier one left; return what changed.

    Args:
        site: the city.
        folder: where to write.
        seen_at: where Grafana finds it, which in a container is elsewhere.
        on_error: what rules do while their query fails.

    Raises:
        OSError: the folder cannot be written.
        BadManifest: the folder has a manifest that is none.
        OtherCity: the folder is another city's.
    """
    before, long_gone = read(folder, site.city)
    groups = every_group(site.receivers)
    boards = every_board(site.console_url)
    now = Manifest(
        tuple(rule.uid for group in groups for rule in group.rules),
        tuple(site.receivers.points),
        tuple(one["name"] for one in mute_timings()),
        tuple(one["name"] for one in data_sources(site, "")),
        tuple(sorted([SOURCES_FILE, BOARDS_FILE, ALERTING_FILE, *map(board_file, boards)])),
    )
    gone = long_gone.joined(before).gone(now)
    files = {
        SOURCES_FILE: _yaml(sources_document(site, gone)),
        BOARDS_FILE: _yaml(boards_document(boards, seen_at)),
        ALERTING_FILE: _yaml(alerting_document(site, groups, gone, on_error)),
        **{board_file(board): rendered(board) for board in boards},
        NAME: text(site.city, now, gone),
    }
    for name in LOOKED_FOR:
        (folder / name).mkdir(parents=True, exist_ok=True)
    changed = [name for name, content in files.items() if _written(folder / name, content)]
    for name in before.gone(now).files:
        (folder / name).unlink(missing_ok=True)
        changed.append(name)
    return changed


def board_file(board: Board) -> str:
    """Return where a board stands in the tree: a folder for each folder of Grafana."""
    return f"{BOARDS_FOLDER}/{folder_uid(board.folder)}/{board.uid}.json"


def sources_document(site: Site, gone: Manifest) -> dict[str, Any]:
    """Return the file of data sources; the secret comes from Grafana's environment."""
    secret = f"${PASSWORD_VARIABLE}" if site.user else f"${TOKEN_VARIABLE}"
    listed = [one | {"orgId": ORG, "editable": False} for one in data_sources(site, secret)]
    deleted = [{"name": name, "orgId": ORG} for name in gone.sources]
    return {"apiVersion": 1, "deleteDatasources": deleted, "datasources": listed}


def boards_document(boards: tuple[Board, ...], seen_at: Path) -> dict[str, Any]:
    """Return the file that says where boards stand, a provider for each folder.

    Folders have no uid here. Rules are provisioned before boards and know their folder by its
    title only, so by then Grafana has made it with a uid of its own: one that asks for another
    uid gets a second folder of the same title, and Grafana 11.0 does not even start.
    """
    titles = [title for title in uids.FOLDERS if any(one.folder == title for one in boards)]
    providers = [
        {
            "name": f"lamppost {title}",
            "orgId": ORG,
            "folder": title,
            "type": "file",
            "disableDeletion": False,
            "allowUiUpdates": False,
            "updateIntervalSeconds": 30,
            "options": {"path": str(seen_at / BOARDS_FOLDER / folder_uid(title))},
        }
        for title in titles
    ]
    return {"apiVersion": 1, "providers": providers}


def alerting_document(
    site: Site, groups: tuple[Group, ...], gone: Manifest, on_error: str
) -> dict[str, Any]:
    """Return the file of rules, contact points, policies and mute timings.

    The tree of policies is replaced whole by a file, so its root is ours too.
    """
    root = route(site.receivers)
    own = [root]
    base = {key: root[key] for key in root if key not in ("object_matchers", "routes")}
    return {
        "apiVersion": 1,
        "groups": [_group(site, one, on_error) for one in groups],
        "contactPoints": [_point(one) for one in contact_points(site.receivers)],
        "policies": [{"orgId": ORG, **base, "routes": own}],
        "muteTimes": [{"orgId": ORG, **one} for one in mute_timings()],
        "deleteRules": [{"orgId": ORG, "uid": uid} for uid in gone.rules],
        "deleteContactPoints": [{"orgId": ORG, "uid": uid} for uid in gone.points],
        "deleteMuteTimes": [{"orgId": ORG, "name": name} for name in gone.mutes],
    }


def escaped(text: str) -> str:
    """Return a text in which Grafana replaces nothing by its environment."""
    return text.replace("$", "$$")


def _group(site: Site, group: Group, on_error: str) -> dict[str, Any]:
    return {
        "orgId": ORG,
        "name": group.name,
        "folder": group.folder,
        "interval": f"{group.interval_s}s",
        "rules": [_rule(one.as_json(site.console_url, on_error)) for one in group.rules],
    }


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    labels = {name: escaped(value) for name, value in rule["labels"].items()}
    return {**rule, "title": escaped(rule["title"]), "labels": labels}


def _point(point: Mapping[str, Any]) -> dict[str, Any]:
    settings = {name: escaped(value) for name, value in point["settings"].items()}
    receiver = {
        "uid": point["uid"],
        "type": point["type"],
        "settings": settings,
        "disableResolveMessage": point["disableResolveMessage"],
    }
    return {"orgId": ORG, "name": point["name"], "receivers": [receiver]}


def _yaml(document: Mapping[str, Any]) -> str:
    return HEADER + json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _written(path: Path, content: str) -> bool:
    """Write a file unless it is so already; Grafana never reads half of one."""
    if path.is_file() and path.read_text("utf-8") == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + ".new")
    half.write_text(content, "utf-8")
    half.replace(path)
    return True
