"""Lines the slow and obvious way: one field of one row at a time, in exact fractions."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np

from lamppost.aggregator.store.seam import StoreBatch

VERDICTS = ("expected", "low", "high", "score", "severity", "p")


def slow_single(number: float) -> str:
    """The obvious way: the nearest decimal with one place more and more until it is surely it.

    Only for what is no power of two, from 1e-9 to 8 million: these have up to 16 decimals.
    """
    exact = Fraction(abs(number))
    half = Fraction(2) ** (math.frexp(number)[1] - 25) * (1 - Fraction(1, 2**20))
    for places in range(17):
        digits = round(exact * 10**places)
        if abs(Fraction(digits, 10**places) - exact) < half:
            break
    text = format(Decimal(digits).scaleb(-places), "f")
    return ("-" if number < 0 else "") + (text if "." in text else text + ".0")


def slow_lines(given: StoreBatch) -> list[str]:
    """The lines of readings whose numbers are none, 0, or of usual size."""
    lines = []
    for row, index in enumerate(given.index.tolist()):
        info, value = given.series[index], float(given.value[row])
        fields = [f"value={value!r}"] if math.isfinite(value) else []
        for name in VERDICTS:
            number = getattr(given, name)[row]
            if np.isfinite(number):
                fields.append(f"{name}={slow_single(float(number)) if number else '0.0'}")
        fields.append(f"flags={given.flags[row]}i")
        tags = f"device={info.device},group={info.group},metric={info.metric},node={info.node}"
        lines.append(f"reading,{tags} {','.join(fields)} {given.time_ms[row]}")
    return lines
