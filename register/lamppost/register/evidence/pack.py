"""What is in a pack, and how it is written: the same inputs give the same bytes."""

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from hashlib import sha256

from lamppost.register.indicators.computing import Inputs
from lamppost.register.indicators.signing import SignOff
from lamppost.register.indicators.values import (
    FROM_RECORDS,
    PARTS,
    Definition,
    Input,
    Metered,
    Value,
)

MANIFEST, SUMS = "manifest.json", "SHA256SUMS"
DEFINITION, VALUE, FACTS = "definition.json", "value.json", "city.json"
INPUTS, CALIBRATIONS, SIGNOFFS, METHOD = (
    "inputs.csv",
    "calibrations.csv",
    "signoffs.json",
    "METHOD.md",
)
HISTORY = "history.json"
DATA = (DEFINITION, VALUE, FACTS, INPUTS, CALIBRATIONS, SIGNOFFS, HISTORY, METHOD)
CALIBRATION_COLUMNS = ("channel", "calibrated_ms", "calibration_due_ms", "certificate")
EPOCH = (1980, 1, 1, 0, 0, 0)
"""Of all members: a pack made again has the same bytes."""

Calibration = tuple[str, int | None, int | None, str | None]


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of a value besides.

    Attributes:
        calibrations: Of the channels that count.
        signed: Who has signed this lineage.
        target: Baseline, goal and where both come from; None when nobody has said.
        told: What was kept of it, the oldest first: who, when, value, status and lineage.
    """

    calibrations: Sequence[Calibration] = ()
    signed: Sequence[SignOff] = ()
    target: Mapping[str, object] | None = None
    told: Sequence[Mapping[str, object]] = ()


RECORDS_STEPS = """\
`inputs.csv` lists every asset of the classes that the definition names, as they stood at the
end of the period. `counted` says whether it has what is needed, `channels` which ones.

1. `sha256sum -c SHA256SUMS` in the unpacked folder: every line must say OK.
2. Sum up `weight` where `counted` is true: the numerator. Rows without a weight are left out.
3. For a share sum up `weight` over all rows, for a density take the fact in `city.json`.
4. Value = factor x numerator / that; the factor of a share is 100. Compare with `value.json`.\
"""

READINGS_STEPS = """\
`inputs.csv` lists every asset of the classes that the definition names, as they stood at the
end of the period: `amount` is what its `channels` measured, in the definition's `into`, `days`
how many of the `expected` days they cover. A row counts when it has an amount and `days` is at
least `days_gate` of `expected`; of an intensity it needs a `weight` too.

1. `sha256sum -c SHA256SUMS` in the unpacked folder: every line must say OK.
2. The numerator: of an intensity the sum of the counting rows' amounts (divided by their days
   where `per_day` is true), of a mean the sum of their amounts (of `reference` rows alone where
   there are any), of a loss the sum of amount/days of `supplied` less that of `used` rows, of a
   difference the mean amount of `supplied` less that of `used` rows, of `tracked` the sum of
   amount/days of `tracked` rows.
3. The denominator: of an intensity the fact in `city.json` or the sum of the weights, of a mean
   the number of rows that were summed, of a loss the sum of `supplied` or the number of `used`,
   of a difference 1, of `tracked` the sum of amount/days of all counting rows.
4. Value = numerator / denominator, of a loss in per cent and of `tracked` times 100. Compare
   with `value.json`.\
"""

METHOD_TEXT = """\
# How this value came about, and how to check it

{formula}

{steps}
5. The lineage is the SHA-256 of the JSON text (keys sorted, no spaces, UTF-8) of an object of
   `definition`, `period`, `facts` and `inputs`, sorted by asset.

6. `signoffs.json` says who vouches for this lineage, as owner and as steward: two people, or
   nobody yet. `history.json` has baseline and goal, and each value that was told before.

`lamppost register verify` does the first five, and sees that nobody has signed both parts.

{trap}

This is evidence in support of ISO 37106 B12 and B13; it is no certificate.
NR means not reported, never zero.
"""


def members(
    definition: Definition,
    value: Value,
    facts: Mapping[str, float],
    inputs: Inputs,
    around: Around,
) -> dict[str, bytes]:
    """Return the files of a pack by name, manifest and sums last."""
    from_records = definition.kind in FROM_RECORDS
    columns = [field.name for field in fields(Input if from_records else Metered)]
    steps = RECORDS_STEPS if from_records else READINGS_STEPS
    method = METHOD_TEXT.format(formula=definition.formula, trap=definition.trap, steps=steps)
    used = {definition.per: facts[definition.per]} if definition.per in facts else {}
    files = {
        DEFINITION: _json(asdict(definition)),
        VALUE: _json(asdict(value)),
        FACTS: _json(used),
        INPUTS: _csv(
            columns, [[_cell(getattr(one, name)) for name in columns] for one in inputs]
        ),
        CALIBRATIONS: _csv(CALIBRATION_COLUMNS, [list(one) for one in around.calibrations]),
        SIGNOFFS: _json(_signoffs(value, around.signed)),
        HISTORY: _json({"target": around.target, "told": list(around.told)}),
        METHOD: method.encode(),
    }
    listed = [
        {"name": name, "bytes": len(body), "sha256": sha256(body).hexdigest()}
        for name, body in files.items()
    ]
    files[MANIFEST] = _json(
        {
            "what": "evidence of an indicator value",
            "format": 1,
            "indicator": value.indicator,
            "period": value.period,
            "lineage": value.lineage,
            "files": listed,
        }
    )
    sums = [f"{sha256(body).hexdigest()}  {name}\n" for name, body in files.items()]
    return files | {SUMS: "".join(sums).encode()}


def _signoffs(value: Value, signed: Sequence[SignOff]) -> dict[str, object]:
    names = ("signed_by", "created_ms", "note")
    by_part = {one.part: {name: getattr(one, name) for name in names} for one in signed}
    missing = [part for part in PARTS if part not in by_part]
    told = f"not signed yet by: {', '.join(missing)}" if missing else "signed by both"
    found: dict[str, object] = {part: by_part.get(part) for part in PARTS}
    return found | {"lineage": value.lineage, "told": told}


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return the files as a ZIP archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), body, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _json(body: object) -> bytes:
    return (json.dumps(body, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _csv(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return buffer.getvalue().encode()


def _cell(value: object) -> str:
    """A number as it is read back without loss, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return json.dumps(value, ensure_ascii=False)
    return str(value).lower() if isinstance(value, bool) else str(value)
