"""Which sensors belong together: how strongly their unforeseen moves go with one another.

What an hour or six of them changed, less what is usual at that time of day, is compared by
ranks (Spearman), so neither outliers nor bent relations matter. Changes, not values: two random
walks are alike by chance, what they do next is not. The long step sees what noise hides in the
short one, the short one has the larger sample; their mean counts.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

DAY = 24
LONG = 6  # hours; DAY is so many of them
LEAST_SHARED = 0.6  # of all steps: less is not known
LEAST_MOVES = 0.3  # of a sensor's known steps: what rests most of the time says nothing


def kinship(hours: Array) -> Array:
    """How strongly sensors belong together, 0 to 1.

    Args:
        hours: hourly means, float64[sensor, hour] in whole days, NaN where there is none.

    Returns:
        float64[sensor, sensor], symmetric; 0 of what is not known, and on the diagonal.
    """
    short = _correlated(_ranks(_unforeseen(hours, DAY)))
    long = _correlated(_ranks(_unforeseen(_block_means(hours), DAY // LONG)))
    alike = 0.5 * (short + long)
    np.fill_diagonal(alike, 0.0)
    return np.abs(alike)


def clusters(
    kin: Array, known: Iterable[Sequence[int]], enter: float, leave: float, most: int
) -> list[tuple[int, ...]]:
    """Gather sensors into groups, beginning with those that are known.

    Args:
        kin: what `kinship` returned.
        known: groups there are already; a member stays while its mean kinship is `leave`.
        enter: two groups become one at that mean kinship, if no two members are below `leave`.
        leave: the same, lower.
        most: members a group may have.

    Returns:
        The groups of two and more, members in order, in order of their first.
    """
    trees = _Trees(kin)
    for group in known:
        first, *others = _faithful(kin, list(group), leave)
        for other in others:
            trees.merge(first, other)
    while (best := trees.nearest(enter, leave, most)) is not None:
        trees.merge(*best)
    return sorted(tuple(sorted(group)) for group in trees.members if len(group) > 1)


class _Trees:
    """Groups that grow together; each has the number of a member of its own."""

    def __init__(self, kin: Array) -> None:
        self.members = [[one] for one in range(len(kin))]
        self._total = kin.copy()  # over all pairs of two groups
        self._least = kin.copy()
        self._size = np.ones(len(kin))

    def merge(self, first: int, second: int) -> None:
        """Make two groups one, under the first one's number."""
        self.members[first] += self.members[second]
        self.members[second] = []
        self._total[first] += self._total[second]
        self._total[:, first] = self._total[first]
        self._least[first] = np.minimum(self._least[first], self._least[second])
        self._least[:, first] = self._least[first]
        self._least[second] = self._least[:, second] = -1.0
        self._size[first] += self._size[second]

    def nearest(self, enter: float, leave: float, most: int) -> tuple[int, int] | None:
        """The two groups that belong together most, the lower number first; None for none."""
        sizes = self._size[:, None]
        mean = self._total / (sizes * self._size)
        fit = (mean >= enter) & (self._least >= leave) & (sizes + self._size <= most)
        mean[~np.triu(fit, 1)] = 0.0
        first, second = divmod(int(np.argmax(mean)), len(mean))
        return (first, second) if mean[first, second] > 0.0 else None


def _unforeseen(means: Array, a_day: int) -> Array:
    """Changes from one mean to the next, less the median of that time of day."""
    moves = np.full_like(means, np.nan)
    moves[:, 1:] = means[:, 1:] - means[:, :-1]
    known = np.isfinite(moves).sum(axis=1)
    moves[(moves != 0.0).sum(axis=1) - (moves.shape[1] - known) < LEAST_MOVES * known] = np.nan
    by_day = moves.reshape(len(moves), -1, a_day)
    return (by_day - _median(by_day)[:, None, :]).reshape(moves.shape)


def _median(values: Array) -> Array:
    """Medians along axis 1 of what is known; NaN of nothing."""
    count = np.isfinite(values).sum(axis=1, keepdims=True)
    ordered = np.sort(values, axis=1)  # NaN come last
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=1)
    high = np.take_along_axis(ordered, np.minimum(count // 2, values.shape[1] - 1), axis=1)
    middle: Array = np.where(count > 0, 0.5 * (low + high), np.nan)[:, 0]
    return middle


def _block_means(hours: Array) -> Array:
    """Means of LONG hours each; NaN where less than half of them are known."""
    blocks = hours.reshape(len(hours), -1, LONG)
    known = np.isfinite(blocks)
    count = known.sum(axis=2)
    total = np.where(known, blocks, 0.0).sum(axis=2)
    means: Array = np.where(2 * count >= LONG, total / np.maximum(count, 1), np.nan)
    return means


def _ranks(values: Array) -> Array:
    """Ranks of each row's known values around 0, equals in the middle of theirs."""
    ranks = np.full_like(values, np.nan)
    for row, into in zip(values, ranks, strict=True):
        known = np.isfinite(row)
        _, place, count = np.unique(row[known], return_inverse=True, return_counts=True)
        middle = np.cumsum(count) - 0.5 * (count - 1)
        into[known] = middle[place] - 0.5 * (known.sum() + 1)
    return ranks


def _correlated(ranks: Array) -> Array:
    """Correlation of each two rows over what is known of both; 0 where that is too little."""
    known = np.isfinite(ranks).astype(np.float64)
    there = np.where(known > 0, ranks, 0.0)
    sizes = (there * there) @ known.T
    scale = np.sqrt(sizes * sizes.T)
    enough = (known @ known.T >= LEAST_SHARED * ranks.shape[1]) & (scale > 0)
    alike: Array = np.divide(there @ there.T, scale, out=np.zeros_like(scale), where=enough)
    return alike


def _faithful(kin: Array, group: list[int], leave: float) -> list[int]:
    """Those of a group that still belong to it."""
    while len(group) > 1:
        mean = kin[np.ix_(group, group)].sum(axis=1) / (len(group) - 1)
        worst = int(np.argmin(mean))
        if mean[worst] >= leave:
            break
        del group[worst]
    return group
