"""The instrument tier's kernel beside its twin, on streams with faults of every kind."""

import numpy as np
import pytest

from lamppost.aggregator import columns as c
from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.judge.judge import BLANKS, CHANNELS, INSTRUMENT, QUALITY, TIERS
from lamppost.aggregator.judge.profile import DEFAULT, packed
from lamppost.aggregator.judge.room import on_lines, taller
from lamppost.aggregator.judge.state import COUNTER, KIND, TEMPERATURE
from lamppost.aggregator.lanes import LANES

from .samples_judge import T0, Stream, troubled
from .test_instrument import faulty
from .twins_instrument import Instrument

NOW = T0 + 10**12


def compared(stream: Stream, seen: int = 0) -> int:
    """Compare both on a stream; returns all flags that came up."""
    count = int(stream.series.max()) + 1
    arrays = {name: np.tile(BLANKS[name], (count, 1)) for name in (CHANNELS, INSTRUMENT)}
    whole_blocks = -(-count // LANES) * LANES
    blank = BLANKS[QUALITY]
    arrays[QUALITY] = taller(on_lines(0, blank, LANES), whole_blocks, blank, LANES)
    channels = arrays[CHANNELS]
    channels[:, KIND] = c.NUMERIC
    channels[::2, TEMPERATURE] = 1
    channels[::3, COUNTER] = 1
    run = {tier.name: tier.run for tier in TIERS}
    out = Verdicts.empty(len(stream))
    columns = (
        out.flags,
        out.expected,
        out.low,
        out.high,
        out.score,
        out.severity,
        out.onset_ms,
    )
    readings = (stream.series, stream.time_ms, stream.value, stream.quality, NOW, channels)
    run[QUALITY](*readings, arrays[QUALITY], packed(DEFAULT), *columns)
    before = out.flags.copy()
    run[INSTRUMENT](*readings, arrays[INSTRUMENT], packed(DEFAULT), *columns)
    twins = [
        Instrument(DEFAULT, temperature=s % 2 == 0, counter=s % 3 == 0) for s in range(count)
    ]
    for row in range(len(stream)):
        twin = twins[stream.series[row]]
        flags = twin.judge(
            float(stream.time_ms[row]), float(stream.value[row]), int(before[row])
        )
        assert int(out.flags[row]) == flags, row
        seen |= flags
    return seen


def test_the_kernel_judges_as_its_twin_does() -> None:
    """Days of health with every fault the tier knows: the same flags on every reading."""
    seen = compared(faulty(21)[0])
    assert seen & (c.INSTRUMENT & ~c.DRIFT) == c.INSTRUMENT & ~c.DRIFT


@pytest.mark.parametrize("seed", range(3))
def test_and_on_trouble_of_all_kinds(seed: int) -> None:
    """Jumps, pauses, nonsense, quanta: the same flags."""
    stream = troubled(seed, 12_000, 4)
    slow = Stream(stream.series, T0 + (stream.time_ms - T0) * 20, stream.value, stream.quality)
    seen = compared(slow)
    assert seen & c.SUSPECT
