"""QARTOD (IOOS quality assurance of real-time data): its flags and tests, and ours."""

from lamppost.aggregator import columns as c

PASS, NOT_EVALUATED, SUSPECT, FAIL, MISSING = 1, 2, 3, 4, 9

TESTS = {
    "gap": c.GAP | c.LATE | c.REPEATED | c.CLOCK,  # with timing
    "gross range": c.RANGE,
    "rate of change": c.RATE | c.STEEP,
    "spike": c.SPIKE,
    "flat line": c.STUCK,
    "attenuated signal": c.NOISE,
    "neighbor": c.DRIFT,
}
"""QARTOD's tests by name, and the flags that tell of them.

Its climatology is judged by the process tier;
`scale` and `reset` have no test there. Location, syntax and multi-variate tests are not ours.
"""

FAILED = c.RANGE | c.STUCK | c.SCALE
DOUBTFUL = c.SUSPECT | c.NOISE | c.RESET | c.RATE | c.STEEP | c.DRIFT
"""Its rate of change and neighbor tests know no failure, for nobody can tell which is wrong."""


def qartod(flags: int) -> int:
    """The primary flag of a reading: 1 pass, 2 not evaluated, 3 suspect, 4 fail, 9 missing.

    A reading with which a spike has just come back is itself a good one. A process anomaly is
    no matter of data quality: it passes.
    """
    if flags & c.BAD:
        return MISSING
    if flags & c.NOT_THE_LAST:
        return NOT_EVALUATED
    if flags & DOUBTFUL:
        return SUSPECT
    if flags & FAILED:
        return FAIL
    return PASS
