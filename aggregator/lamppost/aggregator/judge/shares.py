"""Weights of running means, without a division where there need be none.

A division keeps the core's one divider busy for longer than a dozen other operations, and the
tiers asked it for two dozen a reading. A memory that is full has a constant weight, which the
compiler takes out of the loop. It must be a branch around several divisions: the compiler turns
a branch around one into a division whose result is thrown away (seen in the machine code).
"""

from lamppost.aggregator.jit import kernel


@kernel
def share(count: float, memory: float) -> float:
    """Of the `count`-th reading in a mean that looks back `memory` readings."""
    return 1.0 / min(count, memory)


@kernel
def part(elapsed: float, memory: float, readings: float) -> float:
    """Of one after `elapsed` in a mean with time constant `memory`, at most 1/`readings`."""
    return min(elapsed / (elapsed + memory), 1.0 / readings)
