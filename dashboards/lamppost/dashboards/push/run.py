"""Pushes a site to a Grafana: reads all of it, plans, and only then changes something."""

from collections.abc import Iterable, Sequence

import requests
from grafana_client import GrafanaApi
from grafana_client.client import GrafanaException

from lamppost.dashboards.push.grafana import Refused, apply, asked_version, connect, found
from lamppost.dashboards.push.notes import only_listed, with_ids
from lamppost.dashboards.push.plan import InTheWay, plan
from lamppost.dashboards.push.things import Action, Kind, Thing
from lamppost.dashboards.push.wanted import policies, wanted
from lamppost.dashboards.site import Site
from lamppost.dashboards.sources import SOURCES
from lamppost.dashboards.versions import Version, on_error

DENIED = (401, 403)
NOT_YET = "could not find an Alertmanager configuration"
NOT_YET_HINT = "; an organisation that was just made has one after a minute, then push again"


def push(
    url: str,
    token: str,
    site: Site,
    secret: str,
    *,
    only_plan: bool = False,
    notes: Iterable[Thing] = (),
) -> list[Action]:
    """Bring a Grafana to what it should be; return the changes.

    Args:
        url: of the Grafana.
        token: of a service account that may administer its organisation.
        site: the city.
        secret: for its data sources.
        only_plan: change nothing.
        notes: annotations.

    Raises:
        Refused: it cannot be used, or said no.
        InTheWay: somebody else's things are where ours should be; nothing was changed.
    """
    try:
        api = connect(url, token)
        version = asked_version(api)
        there = _there(api, url)
        actions = planned(site, secret, version, there, list(notes))
        for action in () if only_plan else actions:
            apply(api, action)
        return actions
    except requests.ConnectionError as error:
        raise Refused(f"{url}: nobody answers there; is it Grafana's address?") from error
    except requests.RequestException as error:
        raise Refused(f"{url}: {error}") from error


def planned(
    site: Site,
    secret: str,
    version: Version,
    there: list[Thing],
    notes: Sequence[Thing] = (),
) -> list[Action]:
    """Return what has to be done with a Grafana of this version that has these things.

    Raises:
        InTheWay: somebody else's things are where ours should be, or another city's.
    """
    things = wanted(site, secret, on_error(version))
    _same_city(site, there)
    tree = next(one for one in there if one.kind is Kind.POLICY)
    things.append(policies(site, tree.body))
    left = only_listed(there, list(notes))
    return plan([*things, *with_ids(list(notes), left)], left)


def _same_city(site: Site, there: list[Thing]) -> None:
    """Refuse a Grafana that shows another city under our uids.

    A city has an organisation of its own in Grafana: who may look at one could otherwise ask
    anything of the other, because a viewer may send any query through a data source.
    """
    known = {one.uid: one.database.named(site.city) for one in SOURCES}
    for one in there:
        if one.kind is not Kind.SOURCE or one.key not in known:
            continue
        came = one.body.get("database") or one.body.get("jsonData", {}).get("dbName", "")
        if came != known[one.key]:
            told = (
                f"{one.told} reads {came!r}, which is another city than {site.city!r}: push "
                "each city with a token of an organisation of its own, or delete this data "
                "source if the city was renamed"
            )
            raise InTheWay([told])


def _there(api: GrafanaApi, url: str) -> list[Thing]:
    try:
        return list(found(api))
    except GrafanaException as error:
        if error.status_code in DENIED:
            needs = "a token of a service account with the role Admin"
            raise Refused(f"{url}: came {error.message!r}, allowed: {needs}") from error
        hint = NOT_YET_HINT if NOT_YET in str(error.message) else ""
        raise Refused(f"{url}: {error.message}{hint}") from error
