"""How often something may be tried, by a key: a user's name, an address."""

import math
from collections import OrderedDict
from ipaddress import IPv6Address, ip_address

KEYS_MAX = 20_000
NETWORK_BITS = 64
"""Of an IPv6 address: whoever has one has the rest of its network too."""


class Limit:
    """Lets `burst` tries through at once, then one each `each_ms`; bounded in memory.

    Args:
        burst: Tries at once, at least 1.
        each_ms: How long until one more is allowed.
    """

    def __init__(self, burst: int, each_ms: int) -> None:
        self._burst = burst
        self._each_ms = each_ms
        self._used_until: OrderedDict[str, int] = OrderedDict()

    def take(self, key: str, now_ms: int) -> int:
        """Count a try; returns 0 when it is allowed, else the seconds to wait.

        The later it is noted that tries are used up, the longer they take to come back.
        """
        used_until = max(self._used_until.get(key, 0), now_ms)
        wait_ms = used_until + self._each_ms - now_ms - self._burst * self._each_ms
        if wait_ms > 0:
            return math.ceil(wait_ms / 1_000)
        self._used_until[key] = used_until + self._each_ms
        self._used_until.move_to_end(key)
        if len(self._used_until) > KEYS_MAX:
            self._used_until.popitem(last=False)
        return 0

    def give_back(self, key: str) -> None:
        """Let the last try of a key be as if it had not been."""
        if key in self._used_until:
            self._used_until[key] -= self._each_ms

    def forget(self, key: str) -> None:
        """Let all tries of a key be as if they had not been."""
        self._used_until.pop(key, None)


def source(address: str) -> str:
    """Return what requests from an address are counted under."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:100]
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{int(parsed) >> (128 - NETWORK_BITS):x}/{NETWORK_BITS}"
