"""Free ports on loopback that stay ours while a server is away and comes back.

A port the kernel hands out (`bind` to 0) lies in the range it also uses for outgoing
connections: while a broker is down, any client on the machine may be given that very port, or
connect to itself through it. So ports are drawn below that range.
"""

import random
import socket

LOOPBACK = "127.0.0.1"
FIRST_PORT = 15_000
LAST_PORT = 32_000  # Linux hands out 32768 and above for outgoing connections
MAX_DRAWS = 200


def free_port(
    rng: random.Random | None = None, *, first: int = FIRST_PORT, last: int = LAST_PORT
) -> int:
    """Return a TCP port on loopback that nobody listens on right now.

    Another process may take it before the caller does: bind it at once, and draw again when
    that fails.
    """
    draw = rng or random.SystemRandom()
    for _ in range(MAX_DRAWS):
        port = draw.randint(first, last)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port on {LOOPBACK} in {first}..{last}, {MAX_DRAWS} tried")
