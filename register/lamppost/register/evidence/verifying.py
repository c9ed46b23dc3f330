"""Checks a pack by nothing but what is in it: hashes, arithmetic, lineage."""

import csv
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from lamppost.register.evidence import pack
from lamppost.register.indicators.computing import Inputs, compute
from lamppost.register.indicators.definitions import definition
from lamppost.register.indicators.values import FROM_RECORDS, PARTS, Input, Metered

TOTAL_MAX = 256_000_000
"""Bytes unpacked: a city's inputs are some ten megabytes."""
EXPECTED = frozenset((*pack.DATA, pack.MANIFEST, pack.SUMS))


class PackError(Exception):
    """It is no pack, or one that nobody should unpack."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found.

    Attributes:
        indicator: Of which value, "" when that cannot be read.
        period: Of which period.
        lineage: The hash that the pack states.
        faults: What is wrong, in words; empty when it holds.
    """

    indicator: str
    period: str
    lineage: str
    faults: tuple[str, ...]


def verify(path: Path) -> Checked:
    """Check a pack.

    Raises:
        PackError: it is no pack.
        OSError: it cannot be read.
    """
    files = _unpacked(path)
    faults = [*_hashes(files)]
    try:
        value = json.loads(files[pack.VALUE])
        faults += _arithmetic(files, value)
        faults += _signatures(files, value)
        stated = [str(value[name]) for name in ("indicator", "period", "lineage")]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        faults.append(f"its data cannot be read: {error!r}")
        stated = ["", "", ""]
    return Checked(stated[0], stated[1], stated[2], tuple(faults))


def _unpacked(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            listed = archive.infolist()
            names = [one.filename for one in listed]
            if len(names) != len(EXPECTED) or set(names) != EXPECTED:
                raise PackError(
                    f"{path}: came {sorted(names)[:20]}, allowed: exactly {sorted(EXPECTED)}"
                )
            if sum(one.file_size for one in listed) > TOTAL_MAX:
                raise PackError(f"{path}: unpacks to more than {TOTAL_MAX} bytes")
            return {name: archive.read(name) for name in names}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise PackError(f"{path}: no readable ZIP archive ({error})") from error


def _hashes(files: Mapping[str, bytes]) -> list[str]:
    wanted = sorted(
        f"{sha256(body).hexdigest()}  {name}"
        for name, body in files.items()
        if name != pack.SUMS
    )
    faults = []
    if sorted(files[pack.SUMS].decode("utf-8", "replace").splitlines()) != wanted:
        faults.append(f"{pack.SUMS} does not fit the files")
    try:
        listed = {one["name"]: one for one in json.loads(files[pack.MANIFEST])["files"]}
        for name in pack.DATA:
            body = files[name]
            if listed[name] != {
                "name": name,
                "bytes": len(body),
                "sha256": sha256(body).hexdigest(),
            }:
                faults.append(f"{name} is not what {pack.MANIFEST} says")
    except (ValueError, KeyError, TypeError) as error:
        faults.append(f"{pack.MANIFEST} cannot be read: {error!r}")
    return faults


def _arithmetic(files: Mapping[str, bytes], stated: Mapping[str, Any]) -> list[str]:
    manifest = json.loads(files[pack.MANIFEST])
    defined = definition(json.loads(files[pack.DEFINITION]))
    found = compute(
        defined,
        stated["period"],
        json.loads(files[pack.FACTS]),
        _inputs(defined.kind, files[pack.INPUTS]),
    )
    faults = [
        f"{name}: {pack.VALUE} says {stated[name]!r}, the inputs give {came!r}"
        for name, came in asdict(found).items()
        if stated[name] != came
    ]
    return faults + [
        f"{name}: {pack.MANIFEST} says {manifest[name]!r}"
        for name in ("indicator", "period", "lineage")
        if manifest[name] != stated[name]
    ]


def _signatures(files: Mapping[str, bytes], stated: Mapping[str, Any]) -> list[str]:
    told = json.loads(files[pack.SIGNOFFS])
    faults = []
    if told["lineage"] != stated["lineage"]:
        faults.append(f"{pack.SIGNOFFS} is of the lineage {told['lineage']!r}")
    signed = [told[part]["signed_by"] for part in PARTS if told[part] is not None]
    if len(signed) != len(set(signed)):
        faults.append(f"{signed[0]} has signed as {' and as '.join(PARTS)}: two eyes, not four")
    return faults


def _inputs(kind: str, body: bytes) -> Inputs:
    rows = csv.DictReader(io.StringIO(body.decode(), newline=""))
    if kind in FROM_RECORDS:
        return tuple(
            Input(
                asset=row["asset"],
                asset_class=row["asset_class"],
                weight=_number(row["weight"]),
                counted=row["counted"] == "true",
                synthetic=row["synthetic"] == "true",
                channels=tuple(json.loads(row["channels"])),
            )
            for row in rows
        )
    return tuple(
        Metered(
            asset=row["asset"],
            asset_class=row["asset_class"],
            part=row["part"],
            weight=_number(row["weight"]),
            amount=_number(row["amount"]),
            days=float(row["days"]),
            expected=int(row["expected"]),
            synthetic=row["synthetic"] == "true",
            reference=row["reference"] == "true",
            overdue=row["overdue"] == "true",
            channels=tuple(json.loads(row["channels"])),
        )
        for row in rows
    )


def _number(text: str) -> float | None:
    return float(text) if text else None
