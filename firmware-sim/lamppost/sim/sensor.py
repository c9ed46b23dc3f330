"""One sensor: what it makes of the true value, and what its faults make of that."""

from collections.abc import Sequence
from random import Random

from lamppost.sim.faults import Fault
from lamppost.sim.registers import Register, from_words, to_words

Words = tuple[int, ...]


class Sensor:
    """Turns the true value of one channel into register words.

    The same draws are made whether a fault is in force or not, so a fault changes nothing
    outside its window and nothing on other channels.
    """

    def __init__(self, register: Register, rng: Random, faults: Sequence[Fault]) -> None:
        self.register = register
        self._rng = rng
        self._faults = tuple(faults)
        self._held: Words | None = None
        self._signs: dict[str, float] = {}

    def sample(self, truth: float, elapsed_ms: int) -> Words | None:
        """Return the words of one sample, or None while the device does not know the value.

        Args:
            truth: the true value, in the register's unit.
            elapsed_ms: time since the start of the simulation.
        """
        value = truth
        if self.register.noise:
            value += self._rng.gauss(0.0, self.register.noise)
        active = {f.kind.name: f for f in self._faults if f.is_active(elapsed_ms)}
        for name in ("drift", "spike"):
            if name in active:
                value += self._move(truth, active[name], elapsed_ms)
            else:
                self._signs.pop(name, None)
        words = to_words(self.register, value)
        if "stuck" in active and self._held is not None:
            words = self._held
        self._held = words
        return None if "gap" in active else words

    def _move(self, truth: float, fault: Fault, elapsed_ms: int) -> float:
        """Return how far the fault moves the value: to the side of the range with more room.

        The side is chosen when the fault begins: a value near the middle would change sides.
        """
        register = self.register
        middle = (register.low + register.high) / 2
        sign = self._signs.setdefault(fault.kind.name, 1.0 if truth <= middle else -1.0)
        share = fault.progress(elapsed_ms) if fault.kind.name == "drift" else 1.0
        return sign * share * fault.size * register.span


def told(register: Register, words: Words | None) -> float | None:
    """Return the value a reader of these words understands, or None for a gap."""
    return None if words is None else from_words(register, words)
