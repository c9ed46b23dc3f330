"""`lamppost register`: what the city has, from the command line."""

import argparse
from collections.abc import Callable, Sequence

from lamppost.register import serving
from lamppost.register.access import commands as access
from lamppost.register.commanding import DATA_DIR, FAILED, WRONG_USE, UsageError, complain
from lamppost.register.days import commands as days
from lamppost.register.evidence import commands as evidence
from lamppost.register.exports import commands as exports
from lamppost.register.indicators import commands as indicators
from lamppost.register.records import commands as records
from lamppost.register.records.address import VARIABLE
from lamppost.register.resources import commands as resources
from lamppost.register.seed import commands as seed

EXAMPLES = f"""\
examples:
  lamppost register migrate                        make or bring up to date the database
  lamppost register import assets.csv --dry-run    what would it do, what is wrong, line by line
  lamppost register import assets.geojson          enter all of it, or nothing
  lamppost register list assets --json             one JSON object a line
  lamppost register bind city/station/pump-1/flow pump-1 --role capacity_use
  lamppost register calibrate city/station/pump-1/flow --on 2026-03-01 --due 2028-03-01
  lamppost register commission city/station/pump-1 --asset pump-1 --by ada
  lamppost register export geojson --out city.geojson
  lamppost register export csv --out tables/
  lamppost register seed --demo-city               a made-up city to try things out with
  lamppost register indicators --period 2026-10 --json
  lamppost register quality --day 2026-10-01       how good each stream was, the worst first
  lamppost register user add ann --role admin      asks for a password, or reads one from stdin
  lamppost register serve                          pages and API on http://127.0.0.1:8080
  lamppost register serve --demo                   without sign-in, this machine only
  lamppost register token add grafana --role viewer --days 90
  lamppost register evidence iso37122-2019:7.6 2026-10 --out pack.zip
  lamppost register resources add dataset noise Noise --gathers-class noise
  lamppost register impact node:city/station       what breaks when it goes?
  lamppost register barriers --kind dataset        what hinders using it, and what would help
  lamppost register verify pack.zip                does it hold, by itself alone?
  lamppost register verify-audit --head 812:9f...  is the trail whole, and is that entry in it?

The database is --database, else {VARIABLE}, else register.db in the data folder
({DATA_DIR} unless --data names another): sqlite:FILE in the data folder, sqlite:///PATH, or
postgresql://USER@HOST/DATABASE?password_file=FILE.

exit code: 0 it worked, 1 it failed or something is wrong, 2 wrong use
"""


def main(argv: Sequence[str]) -> int:
    """Keep the records: assets, nodes, channels, streams and their audit trail."""
    arguments = _parser().parse_args(argv)
    # Late, as in the rooms: whoever only asks how a command is called need not wait for these.
    from sqlalchemy.exc import SQLAlchemyError

    from lamppost.register.records.database import DatabaseUrlError
    from lamppost.register.records.migrating import MigrationError
    from lamppost.register.records.refusals import RefusedError
    from lamppost.register.records.store import Register

    command: Callable[[Register, argparse.Namespace], int] = arguments.command
    try:
        register = Register(arguments.database, arguments.data)
        try:
            if arguments.needs_tables:
                register.migrate()
            return command(register, arguments)
        finally:
            register.close()
    except (UsageError, DatabaseUrlError) as error:
        complain(str(error))
        return WRONG_USE
    except (RefusedError, MigrationError, OSError) as error:
        complain(str(error))
    except SQLAlchemyError as error:
        complain(f"the database does not do it: {getattr(error, 'orig', None) or error}")
    return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "lamppost register",
        description="Keeps the records of what the city has.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    rooms = (records, exports, seed, days, indicators, evidence, resources, access, serving)
    for room in rooms:
        room.add_commands(commands)
    return parser
