"""What should be in a Grafana."""

import hashlib
from collections.abc import Mapping
from typing import Any

from lamppost.dashboards.alerting.every import every_group
from lamppost.dashboards.alerting.receivers import contact_points, mute_timings, route
from lamppost.dashboards.alerting.rule import PREFIX, Group
from lamppost.dashboards.boards import uids
from lamppost.dashboards.boards.every import every_board
from lamppost.dashboards.datasources import data_sources
from lamppost.dashboards.push.things import Kind, Thing
from lamppost.dashboards.site import Site
from lamppost.dashboards.slug import folder_uid

TREE = "the tree of notification policies"
MARK = "lamppostSecret"
MARK_CHARS = 16


def wanted(site: Site, secret: str, on_error: str) -> list[Thing]:
    """Return all of it, without the policies, which depend on those that are there.

    Args:
        site: the city.
        secret: token or password for the data sources.
        on_error: what rules do while their query fails.
    """
    folders = [Thing(Kind.FOLDER, folder_uid(title), title) for title in uids.FOLDERS]
    boards = [
        Thing(Kind.BOARD, one.uid, one.title, folder_uid(one.folder), one.as_json())
        for one in every_board(site.console_url)
    ]
    mutes = [Thing(Kind.MUTE, one["name"], one["name"], body=one) for one in mute_timings()]
    points = [
        Thing(Kind.POINT, one["uid"], one["name"], body=one)
        for one in contact_points(site.receivers)
    ]
    groups = [
        thing for one in every_group(site.receivers) for thing in _group(site, one, on_error)
    ]
    return [*folders, *_sources(site, secret), *boards, *mutes, *points, *groups]


def policies(site: Site, tree: Mapping[str, Any]) -> Thing:
    """Return the tree with our route first and everything else as it is."""
    ours = route(site.receivers)
    matchers = [ours["object_matchers"][0]]
    others = [one for one in tree.get("routes") or () if one.get("object_matchers") != matchers]
    kept = {key: value for key, value in tree.items() if key != "provenance"}
    return Thing(Kind.POLICY, "tree", TREE, body={**kept, "routes": [ours, *others]})


def _group(site: Site, group: Group, on_error: str) -> list[Thing]:
    place = folder_uid(group.folder)
    same = {"folderUID": place, "ruleGroup": group.name}
    rules = [one.as_json(site.console_url, on_error) | same for one in group.rules]
    made = [Thing(Kind.RULE, one["uid"], one["title"], place, one) for one in rules]
    body = {"interval": group.interval_s}
    return [*made, Thing(Kind.GROUP, f"{place}/{group.name}", group.name, place, body)]


def _sources(site: Site, secret: str) -> list[Thing]:
    """The data sources; a mark in them tells whether a token is still the one we set.

    Grafana never gives a secret back. A token is long and random, so a part of its hash tells
    nothing; a password is neither, gets no mark, and is set again with every other change.
    """
    made = []
    for one in data_sources(site, secret):
        digest = hashlib.sha256(f"{one['uid']}:{secret}".encode()).hexdigest()[:MARK_CHARS]
        mark = {} if site.user or not secret else {MARK: digest}
        body = {**one, "jsonData": {**one["jsonData"], **mark}}
        made.append(Thing(Kind.SOURCE, one["uid"], one["name"], body=body))
    return made


def is_ours(uid: str) -> bool:
    """Tell whether a uid is one of those that we give."""
    return uid.startswith(PREFIX)
