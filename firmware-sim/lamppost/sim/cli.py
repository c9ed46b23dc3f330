"""`lamppost sim`."""

import argparse
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from lamppost.sim.city import CITIES, City
from lamppost.sim.configs import DEFAULT_BROKER, Address
from lamppost.sim.fault_spec import FORM, FaultError, check_together, parse_fault, read_faults
from lamppost.sim.faults import Fault
from lamppost.sim.listing import show_devices, show_faults

MAX_SPEED = 100.0
MIN_SPEED = 0.1
MAX_PORT = 65_535
MAX_SEED = 2**63 - 1
DEFAULT_LOCAL_TIME = "20:00"

EXAMPLES = """\
examples:
  lamppost sim devices                       what can be served, channel by channel
  lamppost sim faults                        what can be injected
  lamppost sim serve                         the demo city on free ports
  lamppost sim serve --write-configs nodes --broker 127.0.0.1:1883
                                             and a configuration for each edge node
  lamppost sim serve --labels labels.jsonl --fault leak:pump-1:at=40:for=60:size=0.5 \\
                     --fault stuck:mast-1/temperature:at=45:for=60
"""


def main(argv: Sequence[str]) -> int:
    """Simulated field devices on Modbus TCP, with labelled faults."""
    parser = _parser()
    args = parser.parse_args(list(argv))
    run: Callable[[argparse.Namespace, argparse.ArgumentParser], int] = args.run
    return run(args, parser)


def _serve(args: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    from lamppost.sim.serve import Settings, main_loop

    city = CITIES[args.city]
    for option, path in (("--labels", args.labels), ("--ports-file", args.ports_file)):
        if path is not None and not path.resolve().parent.is_dir():
            parser.error(f"{option}: came {path}, but there is no folder {path.parent}")
    if args.first_port and args.first_port + len(city.devices) - 1 > MAX_PORT:
        highest = MAX_PORT + 1 - len(city.devices)
        parser.error(f"--first-port: came {args.first_port}, allowed: 1..{highest}")
    settings = Settings(
        city=city,
        seed=args.seed,
        local_s=_utc_second_of_day() if args.local_time is None else args.local_time,
        faults=_faults(args, city, parser),
        speed=args.speed,
        first_port=args.first_port,
        labels=args.labels,
        ports_file=args.ports_file,
        configs=args.write_configs,
        broker=args.broker,
    )
    return main_loop(settings)


def _faults(
    args: argparse.Namespace, city: City, parser: argparse.ArgumentParser
) -> list[Fault]:
    try:
        faults = [parse_fault(text, city) for text in args.fault]
        faults += [fault for path in args.faults for fault in read_faults(path, city)]
        check_together(faults)
    except FaultError as error:
        parser.error(str(error))
    return faults


def _show_faults(args: argparse.Namespace, _: argparse.ArgumentParser) -> int:
    show_faults(as_json=args.json)
    return 0


def _show_devices(args: argparse.Namespace, _: argparse.ArgumentParser) -> int:
    show_devices(CITIES[args.city], as_json=args.json)
    return 0


def _utc_second_of_day() -> float:
    now = datetime.now(UTC)
    return now.hour * 3600 + now.minute * 60 + now.second + now.microsecond / 1e6


def _local_time(text: str) -> float | None:
    if text == "utc":
        return None
    try:
        moment = datetime.strptime(text, "%H:%M").replace(tzinfo=UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"came {text!r}, allowed: HH:MM from 00:00 to 23:59, or utc"
        ) from None
    return moment.hour * 3600.0 + moment.minute * 60.0


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    if host and port.isdecimal() and 1 <= int(port) <= MAX_PORT:
        return Address(host, int(port))
    raise argparse.ArgumentTypeError(f"came {text!r}, allowed: HOST:PORT, a port in 1..65535")


def _integer(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if text.isdecimal() and low <= int(text) <= high:
            return int(text)
        raise argparse.ArgumentTypeError(f"came {text!r}, allowed: {low}..{high}")

    return read


def _speed(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if MIN_SPEED <= value <= MAX_SPEED:
        return value
    raise argparse.ArgumentTypeError(
        f"came {text!r}, allowed: a number in {MIN_SPEED:g}..{MAX_SPEED:g}"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lamppost sim",
        description="Simulated field devices on Modbus TCP, with labelled faults.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_serve(commands.add_parser(
        "serve", help="serve a city until Ctrl-C", epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ))  # fmt: skip
    faults = commands.add_parser("faults", help="list the faults that can be injected")
    faults.add_argument("--json", action="store_true", help="for scripts")
    faults.set_defaults(run=_show_faults)
    devices = commands.add_parser("devices", help="list a city's devices and channels")
    devices.add_argument("--city", choices=sorted(CITIES), default="demo")
    devices.add_argument("--json", action="store_true", help="for scripts")
    devices.set_defaults(run=_show_devices)
    return parser


def _add_serve(serve: argparse.ArgumentParser) -> None:
    add = serve.add_argument
    add("--city", choices=sorted(CITIES), default="demo", help="(default: %(default)s)")
    add("--seed", type=_integer(0, MAX_SEED), default=1,
        help="same seed, same values (default: %(default)s)")  # fmt: skip
    add("--local-time", type=_local_time, default=_local_time(DEFAULT_LOCAL_TIME),
        metavar="HH:MM|utc", help="the city's time of day at the start; utc follows the clock "
        f"(default: {DEFAULT_LOCAL_TIME})")  # fmt: skip
    add("--speed", type=_speed, default=1.0, help="simulated seconds a second (default: 1)")
    add("--fault", action="append", default=[], metavar="SPEC", help=f"{FORM}; may be repeated")
    add("--faults", action="append", default=[], type=Path, metavar="FILE.toml",
        help="[[fault]] tables with kind, target, at, for, size")  # fmt: skip
    add("--labels", type=Path, metavar="FILE.jsonl",
        help="write each fault's truth there, when it starts and when it ends")  # fmt: skip
    add("--first-port", type=_integer(1, MAX_PORT), default=0, metavar="PORT",
        help="device by device from this port on (default: free ports)")  # fmt: skip
    add("--ports-file", type=Path, metavar="FILE", help="write where each device listens, JSON")
    add("--write-configs", type=Path, metavar="DIR",
        help="write a configuration for each edge node")  # fmt: skip
    add("--broker", type=_address, default=DEFAULT_BROKER, metavar="HOST:PORT",
        help="that those configurations name (default: %(default)s)")  # fmt: skip
    serve.set_defaults(run=_serve)
