"""The group tier once more, slowly and obviously, with NumPy's own eigenvectors."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.judge.group_profile import GroupProfile

Floats = NDArray[np.float64]


@dataclass
class Group:
    """A group without alarms; `measured` has T2 and Q of every cell that was judged."""

    size: int
    p: GroupProfile
    cell_ms: float = 0.0
    open: float = -1.0
    cells: int = 0
    age: int = 0
    times: list[list[float]] = field(default_factory=list)
    taken: dict[tuple[float, int], list[float]] = field(default_factory=dict)
    measured: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.times = [[] for _ in range(self.size)]
        self.out = [True] * self.size
        self.value = np.zeros(self.size)
        self.learned = np.zeros(self.size)
        self.mean = np.zeros(self.size)
        self.cov = np.zeros((self.size, self.size))
        self.smooth = np.zeros(self.size)
        self.vectors: Floats | None = None

    def take(self, k: int, time: float, x: float) -> None:
        """A believed reading."""
        self.times[k].append(time)
        self.out[k], self.value[k] = False, x
        if not self.cell_ms:
            first = min(times[0] for times in self.times if times)
            if len(self.times[k]) < self.p.pace_readings or time - first < self.p.pace_ms:
                return
            paces = [(t[-1] - t[0]) / (len(t) - 1) for t in self.times if len(t) > 1]
            self.cell_ms = max(np.ceil(self.p.cell_intervals * max(paces)), self.p.cell_ms)
        cell = time // self.cell_ms
        if self.open < 0:
            self.open = cell
        while cell > self.open + 1:
            if any((self.open + ahead, k) in self.taken for ahead in (0, 1) for k in range(8)):
                self.close()
            elif self.open + 2 < cell:
                pass  # nothing was open, and nothing is closed, in a long pause
            self.open += 1
        if cell >= self.open:
            self.taken.setdefault((cell, k), []).append(x)

    def close(self) -> None:
        """End a cell."""
        end = (self.open + 1) * self.cell_ms
        x = np.full(self.size, np.nan)
        for k in range(self.size):
            came = self.taken.pop((self.open, k), None)
            if self.out[k]:
                continue
            if came:
                x[k] = sum(came) / len(came)
            elif end - self.times[k][-1] <= self.p.hold_cells * self.cell_ms:
                x[k] = self.value[k]
        if np.isfinite(x).sum() < 2:
            return
        if self.cells >= self.p.fit_cells:
            self.age += 1
            if self.vectors is None or self.age >= self.p.fit_cells:
                self.fit()
            self.judge(x)
        self.learn(x)

    def fit(self) -> None:
        """Principal components of the correlations."""
        sd = np.sqrt(np.diag(self.cov))
        both = np.outer(sd, sd)
        values, vectors = np.linalg.eigh(
            np.divide(self.cov, both, out=np.zeros_like(both), where=both > 0)
        )
        self.lambdas, self.vectors = np.maximum(values[::-1], 0), vectors.T[::-1]
        share = np.cumsum(self.lambdas) / self.lambdas.sum()
        self.major = int(np.searchsorted(share, 0.9)) + 1
        self.age = 0

    def judge(self, x: Floats) -> None:
        """T2 and Q of the smoothed vector."""
        assert self.vectors is not None
        sd = np.sqrt(np.diag(self.cov))
        z = np.divide(x - self.mean, sd, out=np.full(self.size, np.nan), where=sd > 0)
        missing = np.isnan(z)
        z = np.where(missing, 0.0, np.clip(z, -20, 20))
        along = self.vectors[: self.major]
        for _ in range(4):
            for k in np.flatnonzero(missing):
                z[k] = (along.T @ (along @ z))[k]
        self.smooth += self.p.smooth_weight * (z - self.smooth)
        shares = (self.vectors @ self.smooth) ** 2 / np.maximum(self.lambdas, 1e-4)
        self.measured.append((shares[: self.major].sum(), shares[self.major :].sum()))

    def learn(self, x: Floats) -> None:
        """Means and covariance, each pair at the age of its younger member."""
        there = np.isfinite(x)
        self.learned += there
        away = x - self.mean
        weight = np.maximum(1 / np.maximum(self.learned, 1), self.cell_ms / self.p.memory_ms)
        for i in np.flatnonzero(there):
            self.mean[i] += weight[i] * away[i]
            for j in np.flatnonzero(there):
                if self.learned[i] > 1 and self.learned[j] > 1:
                    both = max(weight[i], weight[j])
                    self.cov[i, j] += both * ((1 - both) * away[i] * away[j] - self.cov[i, j])
        self.cells += 1
