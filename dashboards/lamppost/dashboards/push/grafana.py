"""A running Grafana: what is there, and one change at a time."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from grafana_client import GrafanaApi
from grafana_client.client import GrafanaException, TokenAuth

from lamppost.dashboards.arguments import Failed
from lamppost.dashboards.board import TAG
from lamppost.dashboards.push.notes import known
from lamppost.dashboards.push.things import Action, Kind, Thing, Verb
from lamppost.dashboards.push.wanted import TREE, is_ours
from lamppost.dashboards.versions import ALLOWED, Version, version_of, works

TIMEOUT_S = 30.0
MAX_BOARDS = 5_000
MAX_NOTES_READ = 20_000
MUTE_PREFIX = "lamppost "
NOT_FOUND = 404
UNLOCKED = {"X-Disable-Provenance": "true"}
"""Lets people go on changing the tree of policies in the browser, where Grafana knows it.

Nothing else gets it: 9.3 sets the origin of a group whatever is asked, and then refuses to have
it taken off its rules.
"""


class Refused(Failed):
    """Grafana cannot be used, or said no; the message says why and what would help."""


def connect(url: str, token: str) -> GrafanaApi:
    """Return a client; nothing is asked yet."""
    return GrafanaApi.from_url(url, credential=TokenAuth(token), timeout=TIMEOUT_S)


def asked_version(api: GrafanaApi) -> Version:
    """Return the version, once it is clear that it answers and is one that works.

    Raises:
        Refused: nobody answers, it is no Grafana, too old, or one of those that are broken.
    """
    try:
        told = str(api.health.check()["version"])
        version = version_of(told)
    except (GrafanaException, ValueError, KeyError, TypeError) as error:
        raise Refused(f"{api.url}: came no answer of a Grafana: {error}") from error
    if not works(version):
        raise Refused(f"{api.url}: came Grafana {told}, allowed: {ALLOWED}")
    return version


def found(api: GrafanaApi) -> Iterator[Thing]:
    """Yield what is there, somebody else's things too, because they may be in the way."""
    for one in api.folder.get_all_folders():
        yield Thing(Kind.FOLDER, one["uid"], one["title"], ours=is_ours(one["uid"]))
    for one in api.datasource.list_datasources():
        full = api.datasource.get_datasource_by_uid(one["uid"])
        set_ = dict.fromkeys(full.get("secureJsonFields", {}), ANY)
        origin = "file" if full.get("readOnly") else ""
        body = {**full, "secureJsonData": set_}
        ours = is_ours(one["uid"])
        yield Thing(Kind.SOURCE, one["uid"], one["name"], "", body, ours, origin)
    yield from _boards(api)
    for one in api.alertingprovisioning.get_mute_timings() or ():
        name = one["name"]
        ours = name.startswith(MUTE_PREFIX)
        yield Thing(Kind.MUTE, name, name, "", one, ours, _origin(one))
    for one in api.alertingprovisioning.get_contactpoints():
        ours = is_ours(one["uid"])
        yield Thing(Kind.POINT, one["uid"], one["name"], "", one, ours, _origin(one))
    yield from _rules(api)
    tree = api.alertingprovisioning.get_notification_policy_tree()
    yield Thing(Kind.POLICY, "tree", TREE, "", tree, True, _origin(tree))
    yield from known(api.client.GET(f"/annotations?tags={TAG}&limit={MAX_NOTES_READ}"))


class _Any:
    """Equals everything: a secret that is set, whatever it is."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


ANY = _Any()


def _origin(one: Mapping[str, Any]) -> str:
    return str(one.get("provenance") or "")


def _boards(api: GrafanaApi) -> Iterator[Thing]:
    for one in api.search.search_dashboards(type_="dash-db", limit=MAX_BOARDS):
        place = one.get("folderUid", "")
        if not is_ours(one["uid"]) and not is_ours(place):
            continue
        full = api.dashboard.get_dashboard(one["uid"])
        ours = is_ours(one["uid"]) and TAG in full["dashboard"].get("tags", ())
        origin = "file" if full["meta"].get("provisioned") else ""
        yield Thing(
            Kind.BOARD, one["uid"], one["title"], place, full["dashboard"], ours, origin
        )


def _rules(api: GrafanaApi) -> Iterator[Thing]:
    """Every rule, and the groups of ours; 9.3 lists rules by the title of their folder only."""
    groups = set()
    for listed in api.client.GET("/ruler/grafana/api/v1/rules").values():
        for group in listed:
            for one in (rule["grafana_alert"] for rule in group["rules"]):
                uid, place, ours = one["uid"], one["namespace_uid"], is_ours(one["uid"])
                body = api.alertingprovisioning.get_alertrule(uid) if ours else {}
                origin = str(one.get("provenance") or "")
                yield Thing(Kind.RULE, uid, one["title"], place, body, ours, origin)
                if is_ours(place):
                    groups.add((place, group["name"]))
    for place, name in sorted(groups):
        body = api.client.GET(_group_path(place, name))
        yield Thing(Kind.GROUP, f"{place}/{name}", name, place, body)


def _group_path(place: str, name: str) -> str:
    return f"/v1/provisioning/folder/{place}/rule-groups/{quote(name, safe='')}"


def apply(api: GrafanaApi, action: Action) -> None:
    """Make one change.

    Raises:
        Refused: Grafana said no.
    """
    try:
        _DOES[action.thing.kind](api, action.verb, action.thing)
    except GrafanaException as error:
        if action.verb is Verb.DELETE and error.status_code == NOT_FOUND:
            return  # somebody was quicker
        raise Refused(f"{action.told}: {error.message}") from error


def _folder(api: GrafanaApi, verb: Verb, one: Thing) -> None:
    if verb is Verb.CREATE:
        api.folder.create_folder(one.title, one.key)
    elif verb is Verb.UPDATE:
        api.folder.update_folder(one.key, one.title, overwrite=True)
    else:
        api.folder.delete_folder(one.key)


def _source(api: GrafanaApi, verb: Verb, one: Thing) -> None:
    if verb is Verb.CREATE:
        api.datasource.create_datasource(dict(one.body))
    elif verb is Verb.UPDATE:
        api.datasource.update_datasource_by_uid(one.key, dict(one.body))
    else:
        api.datasource.delete_datasource_by_uid(one.key)


def _board(api: GrafanaApi, verb: Verb, one: Thing) -> None:
    if verb is Verb.DELETE:
        api.dashboard.delete_dashboard(one.key)
        return
    sent = {"dashboard": dict(one.body), "folderUid": one.place, "overwrite": True}
    api.dashboard.update_dashboard(sent)


def _named(path: str) -> Callable[[GrafanaApi, Verb, Thing], None]:
    """How things of the provisioning API are changed that have a path each."""

    def change(api: GrafanaApi, verb: Verb, one: Thing) -> None:
        if verb is Verb.CREATE:
            api.client.POST(path, json=dict(one.body))
            return
        own = f"{path}/{quote(one.key, safe='')}"
        if verb is Verb.UPDATE:
            api.client.PUT(own, json=dict(one.body))
        else:
            api.client.DELETE(own, accept_empty_json=True)

    return change


def _policy(api: GrafanaApi, _: Verb, one: Thing) -> None:
    api.client.PUT("/v1/provisioning/policies", json=dict(one.body), headers=UNLOCKED)


def _group(api: GrafanaApi, _: Verb, one: Thing) -> None:
    path = _group_path(one.place, one.title)
    api.client.PUT(path, json={**api.client.GET(path), **one.body})


def _note(api: GrafanaApi, verb: Verb, one: Thing) -> None:
    told = {key: value for key, value in one.body.items() if key != "id"}
    if verb is Verb.CREATE:
        api.client.POST("/annotations", json=told)
    else:
        api.client.PATCH(f"/annotations/{one.body['id']}", json=told)


_DOES: dict[Kind, Callable[[GrafanaApi, Verb, Thing], None]] = {
    Kind.FOLDER: _folder,
    Kind.SOURCE: _source,
    Kind.BOARD: _board,
    Kind.MUTE: _named("/v1/provisioning/mute-timings"),
    Kind.POINT: _named("/v1/provisioning/contact-points"),
    Kind.POLICY: _policy,
    Kind.GROUP: _group,
    Kind.NOTE: _note,
    Kind.RULE: _named("/v1/provisioning/alert-rules"),
}
