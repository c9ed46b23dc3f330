"""The decimal logarithm, from operations that every machine rounds alike.

The C library's takes twice as long, a fifth of the habit tier before, and differs from one to
the next in its last bit; a verdict should not depend on where it was found.
"""

from math import log10, sqrt

import numpy as np

from lamppost.aggregator.jit import kernel

ROOT_HALF_BITS = np.int64(np.float64(sqrt(0.5)).view(np.int64))
MANTISSA_BITS = 52
PER_TWO = log10(2.0)
# 2 artanh(t) = ln((1 + t) / (1 - t)), of which |t| < 0.172 needs no more for ten digits
C1, C3, C5, C7, C9, C11 = (2.0 * log10(np.e) / k for k in (1, 3, 5, 7, 9, 11))


@kernel
def decimal_log(x: float) -> float:
    """Logarithm of a normal number above 0, to 3e-10 (tested)."""
    bits = np.float64(x).view(np.int64)
    twos = (bits - ROOT_HALF_BITS) >> MANTISSA_BITS
    rest = np.float64(np.int64(bits - (twos << MANTISSA_BITS)).view(np.float64))
    t = (rest - 1.0) / (rest + 1.0)
    s = t * t
    q = s * s
    low, middle, high = C1 + C3 * s, C5 + C7 * s, C9 + C11 * s
    return float(twos * PER_TWO + t * (low + q * (middle + q * high)))
