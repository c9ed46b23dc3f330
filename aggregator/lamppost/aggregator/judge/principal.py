"""Eigenvectors of a group's correlations, by Jacobi's rotations, within the group's own row."""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.jit import kernel
from lamppost.aggregator.judge.group_state import (
    COVARIANCE,
    FIT_AGE,
    LAMBDAS,
    MAJOR,
    MEMBERS,
    ROOM,
    SIZE,
    VECTORS,
)

Array = NDArray[np.float64]

SWEEPS = 8
SMALLEST = 1e-12
MAJOR_SHARE = 0.9  # of all movement
TINY = 1e-200


@kernel
def fit(row: Array) -> None:
    """Find VECTORS, LAMBDAS (largest first) and MAJOR of the present COVARIANCE."""
    size = int(row[SIZE])
    for i in range(size):
        for j in range(size):
            both = row[COVARIANCE + i * (MEMBERS + 1)] * row[COVARIANCE + j * (MEMBERS + 1)]
            at = i * MEMBERS + j
            row[ROOM + at] = row[COVARIANCE + at] / sqrt(both) if both > TINY else 0.0
            row[VECTORS + at] = 1.0 if i == j else 0.0
    for _ in range(SWEEPS):
        for i in range(size - 1):
            for j in range(i + 1, size):
                _rotate(row, size, i, j)
    for i in range(size):
        row[LAMBDAS + i] = max(row[ROOM + i * (MEMBERS + 1)], 0.0)
    _sort(row, size)
    _count_major(row, size)
    row[FIT_AGE] = 0.0


@kernel
def _rotate(row: Array, size: int, i: int, j: int) -> None:
    """Make element (i, j) zero; the rows of VECTORS follow."""
    off = row[ROOM + i * MEMBERS + j]
    if abs(off) < SMALLEST:
        return
    ii, jj = row[ROOM + i * (MEMBERS + 1)], row[ROOM + j * (MEMBERS + 1)]
    theta = (jj - ii) / (2.0 * off)
    side = 1.0 if theta >= 0.0 else -1.0
    t = side / (abs(theta) + sqrt(theta * theta + 1.0))
    cosine = 1.0 / sqrt(t * t + 1.0)
    sine = t * cosine
    for k in range(size):
        a, b = row[ROOM + k * MEMBERS + i], row[ROOM + k * MEMBERS + j]
        row[ROOM + k * MEMBERS + i] = cosine * a - sine * b
        row[ROOM + k * MEMBERS + j] = sine * a + cosine * b
    for k in range(size):
        a, b = row[ROOM + i * MEMBERS + k], row[ROOM + j * MEMBERS + k]
        row[ROOM + i * MEMBERS + k] = cosine * a - sine * b
        row[ROOM + j * MEMBERS + k] = sine * a + cosine * b
        a, b = row[VECTORS + i * MEMBERS + k], row[VECTORS + j * MEMBERS + k]
        row[VECTORS + i * MEMBERS + k] = cosine * a - sine * b
        row[VECTORS + j * MEMBERS + k] = sine * a + cosine * b


@kernel
def _sort(row: Array, size: int) -> None:
    for i in range(size - 1):
        best = i
        for j in range(i + 1, size):
            if row[LAMBDAS + j] > row[LAMBDAS + best]:
                best = j
        if best == i:
            continue
        row[LAMBDAS + i], row[LAMBDAS + best] = row[LAMBDAS + best], row[LAMBDAS + i]
        for k in range(size):
            a, b = VECTORS + i * MEMBERS + k, VECTORS + best * MEMBERS + k
            row[a], row[b] = row[b], row[a]


@kernel
def _count_major(row: Array, size: int) -> None:
    total = 0.0
    for i in range(size):
        total += row[LAMBDAS + i]
    held, major = 0.0, 0
    while major < size and held < MAJOR_SHARE * total:
        held += row[LAMBDAS + major]
        major += 1
    row[MAJOR] = major
