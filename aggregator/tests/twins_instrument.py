"""The instrument tier as one would write it first: one series, one reading at a time."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from lamppost.aggregator import columns as c
from lamppost.aggregator.judge.profile import MAX_VALUE, Profile

MISTAKES: dict[str, Callable[[float], float]] = {
    "thousandfold": lambda x: x * 1e-3,
    "thousandth": lambda x: x * 1e3,
    "fahrenheit": lambda x: (x - 32.0) / 1.8,
    "celsius": lambda x: x * 1.8 + 32.0,
}
BY_FACTOR = ("thousandfold", "thousandth")


def log_size(x: float) -> float:
    """Decades of the size; of zero, very few."""
    return math.log10(max(abs(x), 1e-300))


@dataclass
class Habit:
    """How loud and how quiet a figure of the changes has ever been."""

    p: Profile
    quiet: float = 0.0
    loud: float = 0.0
    block: list[float] = field(default_factory=list)
    past: tuple[float, float] | None = None

    def side(self, now: float) -> int:
        """1 when far louder than ever, -1 when far quieter."""
        width = max(math.sqrt(self.loud / self.quiet) / 10, 1)
        if now > self.p.noise_louder * self.loud * width:
            return 1
        return -1 if now * self.p.noise_quieter * width < self.quiet else 0

    def stays(self, now: float, side: int) -> bool:
        """Whether it is still outside on that side."""
        if side > 0:
            return now > self.p.noise_leave * self.loud
        return now * self.p.noise_leave < self.quiet

    def grow_used(self, peaks: list[float], side: int) -> None:
        """Take the farthest it was into what is usual."""
        peak = max(peaks) if side > 0 else min(peaks)
        self.quiet, self.loud = min(self.quiet, peak), max(self.loud, peak)

    def remember(self, now: float) -> None:
        """Take it into the open block."""
        self.block.append(now)
        if len(self.block) < 64:
            return
        if self.past is not None:
            quiet, loud = self.past
            if self.quiet > 0:
                quiet = min(quiet, self.quiet * (1 + self.p.noise_forget))
                loud = max(loud, self.loud * (1 - self.p.noise_forget))
            self.quiet, self.loud = quiet, loud
        self.past, self.block = (min(self.block), max(self.block)), []


@dataclass
class Noise:
    """The local mean and median of changes and how they have been."""

    p: Profile
    move: float = 0.0
    moves: int = 0
    typical: float = 0.0
    run: list[tuple[float, float]] = field(default_factory=list)
    since: float = 0.0
    side: int = 0
    of_mean: Habit = field(init=False)
    of_typical: Habit = field(init=False)

    def __post_init__(self) -> None:
        self.of_mean, self.of_typical = Habit(self.p), Habit(self.p)

    def judge(self, time: float, moved: float, warm: bool, counts: bool) -> int:
        """NOISE or 0."""
        if moved == 0:
            return c.NOISE if self.side else 0
        self._follow(moved)
        if counts:
            return 0
        if not warm or self.of_mean.quiet <= 0:
            self._remember()
            return 0
        now = self._beyond()
        if not now:
            if self.side:
                self._grow_used()
            self.run = []
            self._remember()
            return 0
        if not self.run:
            self.since = time
        self.run.append((self.move, self.typical))
        if not self.side and len(self.run) >= self.p.noise_readings:
            self.side = now
        if not self.side:
            return 0
        if time - self.since < self.p.instrument_accept_ms:
            return c.NOISE
        self._grow_used()
        self.run = []
        return 0

    def _follow(self, moved: float) -> None:
        self.moves += 1
        if self.moves == 1:
            self.typical = moved
        step = 1 + (1 / 16 if self.moves > 32 else max(1 / 16, 1 / self.moves))
        self.typical *= step if moved > self.typical else 1 / step
        if self.moves > 8:
            moved = min(moved, 4 * self.move)
        self.moves = min(self.moves, 32)
        memory = min(self.moves, 16) if moved * 4 < self.move else self.moves
        self.move += (moved - self.move) / memory

    def _beyond(self) -> int:
        if self.side:
            stays = self.of_mean.stays(self.move, self.side)
            return self.side if stays and self.of_typical.stays(self.typical, self.side) else 0
        side, typical = self.of_mean.side(self.move), self.of_typical
        if side > 0:
            return int(self.typical > self.p.noise_typical * typical.loud)
        return -int(side < 0 and self.typical * self.p.noise_typical < typical.quiet)

    def _grow_used(self) -> None:
        means, medians = zip(*self.run, strict=True)
        self.of_mean.grow_used(list(means), self.side)
        self.of_typical.grow_used(list(medians), self.side)
        self.side = 0

    def _remember(self) -> None:
        if self.moves >= 32:
            self.of_mean.remember(self.move)
            self.of_typical.remember(self.typical)


@dataclass
class Instrument:
    """The whole tier of one series."""

    p: Profile
    temperature: bool = False
    counter: bool = False
    count: int = 0
    first: float = 0.0
    last: float = 0.0
    value: float = 0.0
    interval: float = 0.0
    lowest: float = 0.0
    highest: float = 0.0
    smallest: float = 0.0
    largest: float = 0.0
    sizes: list[float] = field(default_factory=list)
    fastest: float = 0.0
    new_fastest: float = 0.0
    is_steep: bool = False
    logs: float = 0.0
    log_dev: float = 0.0
    mistake: str = ""
    fitting: int = 0
    mistake_since: float = 0.0
    set_right: float = 0.0
    mistake_ended: float = 0.0
    far: int = 0
    far_since: float = 0.0
    rises: int = 0
    fell_at: float = 0.0
    fall: tuple[float, float, float] | None = None  # time, value, the one before
    noise: Noise = field(init=False)

    def __post_init__(self) -> None:
        self.noise = Noise(self.p)

    def judge(self, time: float, x: float, found: int) -> int:
        """All flags of a reading that the quality tier gave `found`."""
        if found & (c.NOT_THE_LAST | c.BAD | c.STUCK) or abs(x) > MAX_VALUE:
            return found
        if found & (c.RANGE | c.RATE) and not found & c.SUSPECT:
            return found
        believed = not found & (c.SUSPECT | c.RANGE | c.RATE)
        if not self.count:
            if believed:
                self.count, self.first, self.last, self.fell_at = 1, time, time, time
                self.value = self.lowest = self.highest = x
            return found
        steep = self._steep(time, x)
        added = self._judge(time, x, believed)
        return (found & ~c.SUSPECT) | added if added & c.FAULTS else found | added | steep

    def _steep(self, time: float, x: float) -> int:
        """Far faster than ever, with hysteresis; what is believed is learned afterwards."""
        p = self.p
        if self.fastest <= 0 or time - self.first < p.instrument_ms:
            return 0
        times = p.steep_leave if self.is_steep else p.steep_times
        allowed = times * self.fastest * max(time - self.last, self.interval)
        self.is_steep = abs(x - self.value) > allowed
        return c.STEEP if self.is_steep and self.count >= p.instrument_readings else 0

    def _judge(self, time: float, x: float, believed: bool) -> int:
        p = self.p
        warm = self.count >= p.instrument_readings and time - self.first >= p.instrument_ms
        tests: tuple[Callable[[], int], ...] = (
            lambda: self._counter(time, x, believed),
            lambda: self._scale(time, x, warm),
            lambda: self._reach(time, x, warm),
        )
        for test in tests:
            if added := test():
                return added
        if not believed:
            return 0
        added = 0
        if time - self.last <= 5 * self.interval or self.count < 32:
            counts = self.rises >= p.counter_rises
            added = self.noise.judge(time, abs(x - self.value), warm, counts)
        self._learn(time, x, not added)
        return added

    def _counter(self, time: float, x: float, believed: bool) -> int:
        p = self.p
        if self.fall is not None:
            since, low, top = self.fall
            self.fall = None
            if low <= x <= 0.1 * top and time > since:
                self.value, self.last = x, time
                return c.RESET
            return 0
        last = self.value
        other_unit = abs(x * 1e3 - last) <= 6 * self.noise.move
        known = self.counter or time - max(self.fell_at, self.first) >= p.counter_ms
        known = known and self.rises >= p.counter_rises
        if 0 <= x <= 0.1 * last and x < last and not other_unit and known:
            self.fall = time, x, last
            return c.SUSPECT
        if believed and x > last:
            self.rises += 1
        elif believed and x < last:
            self.rises, self.fell_at = 0, time
        return 0

    def _scale(self, time: float, x: float, warm: bool) -> int:
        if not self.mistake:
            self.mistake = self._suspected(time, x) if warm and x else ""
            if not self.mistake:
                return 0
            self.fitting, self.mistake_since = 1, time
            self.set_right = MISTAKES[self.mistake](x)
            return c.SUSPECT
        told = self.fitting >= self.p.scale_readings
        if x == 0 and self.mistake in BY_FACTOR:
            return c.SCALE if told else c.SUSPECT
        goes_on = self._nearer(x) if told else self._near(x)
        if not goes_on and not told and self._tells_nothing(time, x):
            return c.SUSPECT
        if not goes_on or time - self.mistake_since > self.p.instrument_accept_ms:
            right = abs(self.set_right)
            if self.mistake == "thousandfold":
                self.largest = max(self.largest, right * 1e3)
            elif self.mistake == "thousandth" and right > 0:
                self.smallest = min(self.smallest, right * 1e-3)
            self.mistake, self.mistake_ended = "", time
            return 0
        self.set_right = MISTAKES[self.mistake](x)
        self.fitting += 1
        return c.SCALE if self.fitting >= self.p.scale_readings else c.SUSPECT

    def _suspected(self, time: float, x: float) -> str:
        size, scatter = abs(x), max(4 * self.log_dev, 0.15)
        shift = log_size(x) - self.logs
        never = self._is_new(size)
        if not never and abs(x - self.value) <= 12 * self.noise.move:
            return ""
        if (
            x * self.value >= 0
            and scatter < (2.4 if never else 1.2)
            and abs(abs(shift) - 3) < min(scatter, 1.2)
        ):
            mistake = "thousandfold" if shift > 0 else "thousandth"
            right = abs(MISTAKES[mistake](x))
            known = self.smallest <= 3 * right <= 9 * self.largest
            ended = self.mistake_ended
            first = ended == 0 or time - ended > self.p.instrument_memory_ms
            if (never and known) or (first and self._jumps(x, mistake)):
                return mistake
        if self.temperature:
            for mistake in ("fahrenheit", "celsius"):
                if self._jumps(x, mistake):
                    return mistake
        return ""

    def _is_new(self, size: float) -> bool:
        return size > 3 * self.largest or size * 3 < self.smallest

    def _tells_nothing(self, time: float, x: float) -> bool:
        """Of a size never seen, set right of one seen: the process moves, in another unit."""
        within = time - self.mistake_since <= 3 * self.p.scale_readings * self.interval
        if self.mistake not in BY_FACTOR or not within:
            return False
        right = MISTAKES[self.mistake](x)
        seen = self.smallest <= abs(right) <= self.largest
        return right * self.set_right > 0 and self._is_new(abs(x)) and seen

    def _jumps(self, x: float, mistake: str) -> bool:
        most = 6 * self._usual_change() + 1e-6 * abs(self.value)
        lands = abs(MISTAKES[mistake](x) - self.value) <= most
        return lands and abs(x - self.value) > 12 * self._usual_change()

    def _usual_change(self) -> float:
        loud = self.noise.of_mean.loud
        return min(self.noise.move, loud) if loud > 0 else self.noise.move

    def _near(self, x: float) -> bool:
        right = MISTAKES[self.mistake](x)
        if self.mistake in BY_FACTOR and right * self.set_right < 0:
            return False
        if self.mistake in BY_FACTOR:
            return abs(log_size(right) - self.logs) < min(max(4 * self.log_dev, 0.15), 1.2)
        nearer = abs(right - self.value) <= abs(x - self.value)
        most = 6 * self._usual_change() + 1e-6 * abs(self.value)
        return nearer and abs(right - self.set_right) <= most

    def _nearer(self, x: float) -> bool:
        right = MISTAKES[self.mistake](x)
        if self.mistake in BY_FACTOR:
            return abs(log_size(right) - self.logs) <= abs(log_size(x) - self.logs)
        return abs(right - self.set_right) <= abs(x - self.set_right)

    def _reach(self, time: float, x: float, warm: bool) -> int:
        span = self.highest - self.lowest
        if not warm or span <= 0:
            return 0
        allowed = (self.p.reach_leave if self.far else self.p.reach_spans) * span
        if max(x - self.highest, self.lowest - x) <= allowed:
            self.far = 0
            return 0
        if not self.far:
            self.far_since = time
        self.far += 1
        if time - self.far_since > self.p.instrument_accept_ms:
            self.far = 0
            return 0
        return c.RANGE if self.far >= self.p.reach_readings else c.SUSPECT

    def _learn(self, time: float, x: float, believed: bool) -> None:
        elapsed = time - self.last
        if self.count > 32:
            elapsed = min(elapsed, 5 * self.interval)
        self.interval += (elapsed - self.interval) / min(self.count, 200)
        lasted, moved = max(time - self.last, self.interval), abs(x - self.value)
        self.last, self.value = time, x
        self.count += 1
        if not believed:
            return
        if moved > self.new_fastest * lasted and lasted > 0:
            self.new_fastest = moved / lasted
        fade = min(elapsed / self.p.instrument_memory_ms, 1)
        self.fastest *= 1 - fade
        if (self.count - 1) % 16 == 0:
            self.fastest, self.new_fastest = max(self.fastest, self.new_fastest), 0.0
        self.lowest = min(x, self.lowest + fade * (x - self.lowest))
        self.highest = max(x, self.highest + fade * (x - self.highest))
        if abs(x) < 1e-30:
            return
        self.sizes.append(abs(x))
        if (self.count - 1) % 16 == 0:
            self.smallest = min([*self.sizes, self.smallest or math.inf])
            self.largest = max([*self.sizes, self.largest])
            self.sizes = []
        if self.count - 1 > 32 and (self.count - 1) % 4:
            return
        away = math.log10(abs(x)) - self.logs
        weight = 1 / (self.count - 1) if self.count - 1 <= 32 else 1 / 8
        self.logs += weight * away
        if self.count > 2:
            self.log_dev += weight * (abs(away) - self.log_dev)
