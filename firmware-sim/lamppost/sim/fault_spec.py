"""Faults as a person writes them: `leak:pump-1:at=40:for=60:size=0.5`, or a TOML file."""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

from lamppost.sim.city import City
from lamppost.sim.faults import KINDS, MAX_AT_S, Fault, FaultKind

FORM = "KIND:DEVICE[/CHANNEL]:at=S[:for=S][:size=X]"
KEYS = ("at", "for", "size")
FILE_KEYS = ("kind", "target", *KEYS)
MAX_FAULTS = 10_000
MAX_FILE_BYTES = 4_000_000
MIN_FOR_S = 0.1

Refuse = Callable[[str, str], NoReturn]


class FaultError(ValueError):
    """A fault that cannot be injected; says what came and what is allowed.

    Attributes:
        where: the specification or the file's entry.
        came: the wrong part.
        allowed: what would have been right.
    """

    def __init__(self, where: str, came: str, allowed: str) -> None:
        super().__init__(f"{where}: came {came}, allowed: {allowed}")
        self.where = where
        self.came = came
        self.allowed = allowed


def parse_fault(text: str, city: City) -> Fault:
    """Read one fault of the command line; raises FaultError."""
    kind, *rest = text.split(":")
    where = f"fault {text!r}"
    if not rest:
        raise FaultError(where, f"{text!r}", FORM)
    target, *settings = rest
    values: dict[str, object] = {"kind": kind, "target": target}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or key not in KEYS or key in values:
            raise FaultError(where, f"{setting!r}", f"each of at=, for= and size= once; {FORM}")
        try:
            values[key] = float(value)
        except ValueError:
            raise FaultError(where, f"{setting!r}", f"{key}= and a number") from None
    return make_fault(values, city, where)


def read_faults(path: Path, city: City) -> list[Fault]:
    """Read the `[[fault]]` tables of a TOML file; raises FaultError."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise FaultError(str(path), "a longer file", f"at most {MAX_FILE_BYTES} bytes")
        document = tomllib.loads(data.decode())
    except OSError as error:
        raise FaultError(str(path), error.strerror or str(error), "a readable file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FaultError(str(path), f"a line that is not TOML: {error}", "TOML 1.0") from error
    entries = document.pop("fault", [])
    if document or not isinstance(entries, list):
        came = f"key {next(iter(document))!r}" if document else "one fault table"
        raise FaultError(str(path), came, "[[fault]] tables only")
    faults = []
    for number, entry in enumerate(entries, 1):
        where = f"{path}: fault {number}"
        if not isinstance(entry, dict):
            raise FaultError(where, f"{entry!r}", "a table")
        faults.append(make_fault(entry, city, where))
    return faults


def make_fault(values: Mapping[str, object], city: City, where: str) -> Fault:
    """Build a fault from `kind`, `target`, `at`, `for`, `size`; raises FaultError."""

    def refuse(came: str, allowed: str) -> NoReturn:
        raise FaultError(where, came, allowed)

    for key in values:
        if key not in FILE_KEYS:
            refuse(f"key {key!r}", ", ".join(FILE_KEYS))
    name = values.get("kind")
    if not isinstance(name, str) or name not in KINDS:
        refuse(f"kind {name!r}", ", ".join(KINDS))
    kind = KINDS[name]
    device, channel = _target(values.get("target"), kind, city, refuse)
    if "at" not in values:
        refuse("no at", "at=, the seconds from the start of the simulation")
    if "size" in values and kind.default_size is None:
        refuse(f"size for {kind.name}", f"no size: {kind.name} has none")
    return Fault(
        kind=kind,
        device=device,
        channel=channel,
        at_s=_number(values["at"], "at", 0.0, MAX_AT_S, refuse),
        for_s=_number(
            values.get("for", kind.default_for_s), "for", MIN_FOR_S, kind.max_for_s, refuse
        ),
        size=_number(values.get("size", kind.default_size or 0.0), "size", 0.0, 1.0, refuse),
    )


def check_together(faults: Iterable[Fault]) -> None:
    """Refuse two faults of one kind on one target at the same time, and too many."""
    ordered = sorted(faults, key=lambda f: (f.kind.name, f.target, f.from_ms))
    if len(ordered) > MAX_FAULTS:
        raise FaultError("faults", f"{len(ordered)}", f"at most {MAX_FAULTS}")
    for earlier, later in pairwise(ordered):
        same = (earlier.kind, earlier.target) == (later.kind, later.target)
        if same and later.from_ms < earlier.to_ms:
            raise FaultError(
                f"fault {later.kind.name} at {later.target}",
                f"at={later.at_s:g} while the one at={earlier.at_s:g} still lasts",
                f"at={earlier.at_s + earlier.for_s:g} or later",
            )


def _target(
    target: object, kind: FaultKind, city: City, refuse: Refuse
) -> tuple[str, str | None]:
    text = target if isinstance(target, str) else ""
    name, slash, channel = text.partition("/")
    devices = {device.name: device for device in city.devices}
    fitting = [d.name for d in city.devices if kind.model in ("", d.sheet.model)]
    if name not in devices or name not in fitting:
        refuse(f"device {name!r}", f"{kind.name} at {', '.join(fitting)}")
    if kind.channels:
        if slash:
            refuse(f"target {text!r}", f"{name!r}: {kind.name} strikes the whole device")
        return name, None
    registers = devices[name].sheet.registers
    channels = [r.channel for r in registers if kind.on_bits or not r.is_bit]
    if channel not in channels:
        allowed = ", ".join(f"{name}/{c}" for c in channels)
        refuse(f"target {text!r}", f"{kind.name} at {allowed}")
    return name, channel


def _number(value: object, key: str, low: float, high: float, refuse: Refuse) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not low <= value <= high
    ):
        refuse(f"{key}={value!r}", f"{key}= a number in {low:g}..{high:g}")
    return float(value)
