"""Who belongs together: kinship beside a slow twin, and how groups come of it."""

from itertools import combinations, pairwise

import numpy as np
import pytest

from lamppost.aggregator.judge.group_kin import DAY, LONG, clusters, kinship

from .samples_judge import Floats

DAYS = 10
HOURS = DAYS * DAY


def ranked(values: list[float]) -> list[float]:
    """Ranks from the middle, equals sharing theirs."""
    places = [1 + sum(x < v for x in values) + (values.count(v) - 1) / 2 for v in values]
    return [place - (len(values) + 1) / 2 for place in places]


def steps(means: list[float], a_day: int) -> list[float]:
    """Changes less the median change of that time of day; NaN for none, or too few."""
    moves = [float("nan"), *(b - a for a, b in pairwise(means))]
    known = [x for x in moves if x == x]
    if sum(x != 0 for x in known) < 0.3 * len(known):
        return [float("nan")] * len(moves)
    usual = [[x for x in moves[at::a_day] if x == x] for at in range(a_day)]
    return [
        x - float(np.median(usual[at % a_day])) if x == x else x for at, x in enumerate(moves)
    ]


def alike(first: list[float], second: list[float]) -> float:
    """Spearman's correlation, ranks taken of all that is known of each."""
    ranks = []
    for one in (first, second):
        of = ranked([x for x in one if x == x])
        ranks.append([of.pop(0) if x == x else float("nan") for x in one])
    both = [(a, b) for a, b in zip(*ranks, strict=True) if a == a and b == b]
    scale = sum(a * a for a, _ in both) * sum(b * b for _, b in both)
    if len(both) < 0.6 * len(first) or scale == 0:
        return 0.0
    return float(sum(a * b for a, b in both) / np.sqrt(scale))


def twin(hours: Floats) -> Floats:
    """Kinship once more, pair by pair."""
    kin = np.zeros((len(hours), len(hours)))
    for a, b in combinations(range(len(hours)), 2):
        both = 0.0
        for every, least in ((1, 1), (LONG, LONG / 2)):
            means = []
            for one in (hours[a], hours[b]):
                blocks = [one[at : at + every] for at in range(0, HOURS, every)]
                known = [block[np.isfinite(block)] for block in blocks]
                means.append([x.mean() if len(x) >= least else float("nan") for x in known])
            both += 0.5 * alike(*(steps(one, DAY // every) for one in means))
        kin[a, b] = kin[b, a] = abs(both)
    return kin


def sensors(seed: int) -> Floats:
    """Two things of three sensors each, two random walks, and two that only know the hour."""
    rng = np.random.default_rng(seed)
    day = np.sin(2 * np.pi * np.arange(HOURS) / DAY)
    own = rng.standard_normal((10, HOURS))
    things = np.repeat(np.cumsum(rng.standard_normal((2, HOURS)), axis=1), 3, axis=0)
    turned = things * np.array([1, -2, 0.5, 3, 1, 1])[:, None] + 0.3 * own[:6]
    walks = np.cumsum(own[6:8], axis=1)
    return np.concatenate([turned, walks, 5 * day + 0.5 * own[8:]])


def test_kinship_is_that_of_the_twin() -> None:
    """With gaps, with ties, with a sensor that mostly rests, and with one that is silent."""
    hours = sensors(1)
    rng = np.random.default_rng(2)
    hours[rng.random(hours.shape) < 0.1] = np.nan
    hours[1] = np.round(hours[1])
    hours[7] = np.where(rng.random(HOURS) < 0.9, 4.0, hours[7])
    hours[9] = np.nan
    kin = kinship(hours)
    np.testing.assert_allclose(kin, twin(hours), atol=1e-12)
    assert kin[7:, :].max() < 0.3
    assert kin[9].max() == 0.0


@pytest.mark.parametrize("seed", range(3))
def test_what_moves_together_is_one_group(seed: int) -> None:
    """Both things, whichever way round; no random walk, and nobody for the sun alone."""
    assert clusters(kinship(sensors(seed)), [], 0.5, 0.3, 8) == [(0, 1, 2), (3, 4, 5)]


def test_an_outlier_changes_little() -> None:
    """One hour of nonsense in one sensor does not part it from the others."""
    hours = sensors(1)
    hours[0, 100] += 1e9
    assert clusters(kinship(hours), [], 0.5, 0.3, 8)[0] == (0, 1, 2)


def test_a_group_is_no_larger_than_it_may_be() -> None:
    """Nine that belong together are eight and one; the closest are together first."""
    kin = np.full((9, 9), 0.8)
    kin[8, :] = kin[:, 8] = 0.9
    np.fill_diagonal(kin, 0.0)
    (group,) = clusters(kin, [], 0.5, 0.3, 8)
    assert len(group) == 8
    assert 8 in group


def test_a_member_stays_longer_than_it_would_be_let_in() -> None:
    """Between both limits what is known stays as it is; below the lower one the worst goes."""
    kin = np.array([[0, 0.9, 0.4], [0.9, 0, 0.4], [0.4, 0.4, 0]])
    assert clusters(kin, [], 0.5, 0.3, 8) == [(0, 1)]
    assert clusters(kin, [(0, 1, 2)], 0.5, 0.3, 8) == [(0, 1, 2)]
    kin[2, :2] = kin[:2, 2] = 0.2
    assert clusters(kin, [(0, 1, 2)], 0.5, 0.3, 8) == [(0, 1)]


def test_two_groups_with_a_stranger_between_them_stay_two() -> None:
    """A high mean does not join what holds two that have nothing to do with each other."""
    kin = np.full((4, 4), 0.9)
    kin[0, 3] = kin[3, 0] = 0.1
    np.fill_diagonal(kin, 0.0)
    assert all({0, 3} - set(group) for group in clusters(kin, [], 0.5, 0.3, 8))
