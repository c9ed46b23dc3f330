"""Decoding payloads of 100 metrics into columns, beside protobuf and a Python loop.

Ours is what the aggregator does: join the payloads, compute offsets, one call of the kernel.
The peer is Google's protobuf (upb, in C) and a loop that moves the fields into numpy arrays.
Both decode the same payloads in turn, on one thread; the figures are medians over the rounds.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from lamppost.aggregator import columns as c
from lamppost.aggregator.decode.payloads import decode_batch, join
from lamppost.aggregator.warm import warm
from lamppost.bench.decode_peer import decode_all
from lamppost.wire.encode import encode
from lamppost.wire.payload import Metric, Payload

METRICS = 100
PAYLOADS = 200
ROUNDS = 21
GOAL_RATIO = 10.0
TIME_MS = 1_700_000_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be set."""
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, help=f"interleaved rounds (default: {ROUNDS})"
    )


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure both decoders, and check that they agree.

    Raises:
        RuntimeError: they do not.
    """
    warm()
    payloads = _payloads()
    room = (
        np.empty((METRICS * PAYLOADS, c.WIDTH), np.int64),
        np.empty((PAYLOADS, c.MSG_WIDTH), np.int64),
    )

    def ours() -> None:
        joined, offsets = join(payloads)
        decode_batch(joined, offsets, *room)

    def peer() -> None:
        decode_all(payloads)

    _check(payloads, room, ours)
    seconds: dict[Callable[[], None], list[float]] = {ours: [], peer: []}
    for _ in range(max(1, args.rounds)):
        for decode, times in seconds.items():
            began = time.thread_time()
            decode()
            times.append(time.thread_time() - began)
    metrics = METRICS * PAYLOADS
    ours_per_s = metrics / statistics.median(seconds[ours])
    peer_per_s = metrics / statistics.median(seconds[peer])
    ratio = ours_per_s / peer_per_s
    return {
        "benchmark": "decode",
        "what": f"{PAYLOADS} payloads of {METRICS} metrics into columns, one thread",
        "unit": "metrics per second of processor time",
        "ours": round(ours_per_s),
        "peer": round(peer_per_s),
        "peer_name": "protobuf (upb) and a Python loop into numpy arrays",
        "ratio": round(ratio, 1),
        "bytes_per_payload": len(payloads[0]),
        "rounds": max(1, args.rounds),
        "goal": {"ratio": GOAL_RATIO},
        "met": ratio >= GOAL_RATIO,
    }


def _payloads() -> list[bytes]:
    rng = random.Random(1)  # noqa: S311 - measurements, not secrets
    return [
        encode(
            Payload(
                TIME_MS + number,
                tuple(
                    Metric(value=rng.gauss(20, 5), alias=alias, timestamp=TIME_MS + number)
                    for alias in range(1, METRICS + 1)
                ),
                number % 256,
            )
        )
        for number in range(PAYLOADS)
    ]


def _check(payloads: list[bytes], room: tuple[Any, Any], ours: Callable[[], None]) -> None:
    ours()
    rows = room[0]
    alias, time_ms, value, flags = decode_all(payloads)
    alike = (
        np.array_equal(rows[:, c.ALIAS], alias)
        and np.array_equal(rows[:, c.TIME], time_ms)
        and np.array_equal(rows.view(np.float64)[:, c.BITS], value)
        and not flags.any()
    )
    if not alike:
        raise RuntimeError("the two decoders do not agree")
