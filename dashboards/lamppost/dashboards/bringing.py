"""`lamppost dashboards provision` and `push`: bring boards and rules to a Grafana."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from lamppost.dashboards.alerting.receivers import Receivers
from lamppost.dashboards.arguments import WrongUse, city, secret, web_url
from lamppost.dashboards.boards.every import DEFAULT_CONSOLE
from lamppost.dashboards.provision.tree import provision
from lamppost.dashboards.site import PASSWORD_VARIABLE, TOKEN_VARIABLE, Site
from lamppost.dashboards.versions import (
    ALLOWED,
    OLDEST,
    Version,
    on_error,
    version_of,
    works,
)

OK = 0
DEFAULT_CITY = "lamppost"
Commands = Any
"""What argparse calls a private name of its own."""


def add_provision(commands: Commands) -> None:
    """Add `provision`."""
    parser = commands.add_parser("provision", help="write Grafana's provisioning tree")
    parser.add_argument("folder", type=Path, metavar="DIR", help="GF_PATHS_PROVISIONING")
    parser.add_argument(
        "--seen-at", type=Path, metavar="DIR", help="where Grafana finds DIR; DIR by default"
    )
    parser.add_argument(
        "--grafana",
        default=f"{OLDEST[0]}.{OLDEST[1]}",
        metavar="VERSION",
        help="the Grafana that reads it; from 10.4 on rules keep their state while a query "
        "fails (%(default)s)",
    )
    _add_site(parser)
    parser.set_defaults(command=_provision)


def add_push(commands: Commands) -> None:
    """Add `push`."""
    parser = commands.add_parser("push", help="push all of it to a running Grafana")
    parser.add_argument("--url", required=True, help="the Grafana, 9.3 or later")
    parser.add_argument("--token-file", type=Path, help="service account token with Admin role")
    parser.add_argument("--influx-token-file", type=Path, help="token that may only read")
    parser.add_argument("--influx-password-file", type=Path, help="of --influx-user")
    parser.add_argument(
        "--plan", action="store_true", help="tell what would be done, do nothing"
    )
    parser.add_argument(
        "--annotate", action="store_true", help="incidents and maintenance of --console too"
    )
    parser.add_argument(
        "--console-token-file", type=Path, help="token of a viewer, for --annotate"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    _add_site(parser)
    parser.set_defaults(command=_push)


def _add_site(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--influx", required=True, metavar="URL", help="the database, as Grafana reaches it")
    add("--city", default=DEFAULT_CITY, help="what the databases' names begin with")
    add("--influx-user", default="", help="user who may only read (1.x with users)")
    add("--console", default=DEFAULT_CONSOLE, metavar="URL", help="the register's console")
    add("--notify", required=True, metavar="URL", help="webhook for warnings")
    add("--page", default="", metavar="URL", help="webhook that wakes someone")
    add("--watchdog", default="", metavar="URL", help="webhook elsewhere, told each 5 minutes")
    add("--canary", default="", metavar="URL", help="webhook that measures the canary")


def site_of(arguments: argparse.Namespace) -> Site:
    """Return the site that the arguments describe.

    Raises:
        WrongUse: an address is none.
    """
    hooks = {
        name: web_url(f"--{name}", url)
        for name in ("notify", "page", "watchdog", "canary")
        if (url := getattr(arguments, name))
    }
    return Site(
        city(arguments.city),
        web_url("--influx", arguments.influx),
        web_url("--console", arguments.console),
        Receivers(**hooks),
        arguments.influx_user,
    )


def _provision(arguments: argparse.Namespace) -> int:
    site = site_of(arguments)
    folder = arguments.folder.absolute()
    at = arguments.seen_at or folder
    changed = provision(site, folder, at, on_error(_grafana(arguments.grafana)))
    print(f"{folder}: {len(changed)} files changed")
    variable = PASSWORD_VARIABLE if site.user else TOKEN_VARIABLE
    print(f"Grafana reads the database's secret from its environment: {variable}")
    _warn(site)
    return OK


def _grafana(told: str) -> Version:
    try:
        version = version_of(told)
    except ValueError:
        version = 0, 0, 0
    if not works(version):
        raise WrongUse("--grafana", told, ALLOWED)
    return version


def _push(arguments: argparse.Namespace) -> int:
    from lamppost.dashboards.push.notes import from_console
    from lamppost.dashboards.push.run import push

    site = site_of(arguments)
    kept = arguments.influx_password_file if site.user else arguments.influx_token_file
    if site.user and kept is None:
        raise WrongUse("--influx-password-file", "nothing", "a file, because of --influx-user")
    token = secret("--console-token-file", arguments.console_token_file)
    done = push(
        web_url("--url", arguments.url),
        secret("--token-file", arguments.token_file),
        site,
        secret("--influx-token-file", kept),
        only_plan=arguments.plan,
        notes=from_console(site.console_url, token) if arguments.annotate else (),
    )
    if arguments.json:
        print(json.dumps({"planned": arguments.plan, "actions": [one.told for one in done]}))
        return OK
    for one in done:
        print(one.told)
    print(f"{len(done)} changes {'would be made' if arguments.plan else 'made'}")
    _warn(site)
    return OK


def _warn(site: Site) -> None:
    if not site.receivers.watchdog:
        told = "no --watchdog: nobody is told when Grafana itself is dead"
        print(f"lamppost dashboards: {told}", file=sys.stderr)
