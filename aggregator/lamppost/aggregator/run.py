"""The aggregator's process: what is started in which order, and ended in the opposite one."""

import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from types import FrameType
from typing import NamedTuple, TextIO

from lamppost.aggregator import jit
from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.alarms.incident import Incident
from lamppost.aggregator.alarms.maintenance import FILE_NAME as MAINTENANCE_FILE
from lamppost.aggregator.alarms.maintenance import MaintenanceFile
from lamppost.aggregator.canary.canary import Canary
from lamppost.aggregator.canary.receiver import Receiver
from lamppost.aggregator.config import Config
from lamppost.aggregator.ingest.host import Host
from lamppost.aggregator.ingest.inbox import Inbox
from lamppost.aggregator.ingest.quarantine import Quarantine
from lamppost.aggregator.pipeline.pipeline import Pipeline, Settings
from lamppost.aggregator.pipeline.replay import restore
from lamppost.aggregator.records import feed, open_register
from lamppost.aggregator.rollup.watch import Watch
from lamppost.aggregator.rollup.windows import Windows
from lamppost.aggregator.settings.data import MB
from lamppost.aggregator.settings.mqtt import host_port
from lamppost.aggregator.spool.checkpoint import Checkpoints
from lamppost.aggregator.spool.spool import Spool
from lamppost.aggregator.store.drain import Drain
from lamppost.aggregator.store.influx import InfluxStore
from lamppost.aggregator.store.open import open_store
from lamppost.aggregator.store.seam import Sample, Store
from lamppost.aggregator.telling import settings_of
from lamppost.aggregator.view.board import Board
from lamppost.aggregator.view.keeping import both
from lamppost.aggregator.view.live import Live
from lamppost.aggregator.view.telling import Teller
from lamppost.aggregator.warm import warm
from lamppost.register import configured
from lamppost.register.alarms.keeper import Keeper
from lamppost.register.condition.desk import forecast_loads
from lamppost.register.condition.following import ConditionFollower
from lamppost.register.days.devices import DeviceGrades
from lamppost.register.days.following import DayFollower
from lamppost.register.indicators.following import IndicatorFollower
from lamppost.register.publish.publisher import Publisher
from lamppost.register.records.intake import Intake
from lamppost.register.records.store import Register
from lamppost.register.serve import Console
from lamppost.register.work.following import follow

SPOOL_SLACK_BYTES = 64 * MB
"""Room in the spool's buffer for births and events beside the held readings."""

DRAIN_STOP_S = 5.0
POLL_S = 0.5


class Parts:
    """The parts around the pipeline, as the live view asks for them."""

    def __init__(
        self,
        host: Host,
        drain: Drain,
        inbox: Inbox,
        spool: Spool,
        intake: Intake,
        keeper: Keeper,
    ) -> None:
        self._host = host
        self._drain = drain
        self._inbox = inbox
        self._spool = spool
        self._intake = intake
        self._keeper = keeper

    def broker(self) -> str:
        """State of the host session."""
        return self._host.state

    def store(self) -> str:
        """State of the drain."""
        return self._drain.state

    def dropped(self) -> int:
        """Messages that the inbox had to drop."""
        return self._inbox.dropped

    def warnings(self) -> tuple[str, ...]:
        """What a person should know of these parts."""
        warnings = [jit.note()] if jit.note() else []
        if self._inbox.dropped:
            warnings.append(
                f"{self._inbox.dropped} messages were dropped because the inbox was full"
            )
        if self._spool.damage:
            warnings.append(f"{len(self._spool.damage)} stretches of the spool are damaged")
        return (*warnings, *self._intake.warnings(), *self._keeper.warnings())


def run(
    config: Config,
    out: TextIO = sys.stdout,
    err: TextIO = sys.stderr,
    stopping: threading.Event | None = None,
) -> int:
    """Run until a signal or `stopping`; returns the exit code.

    Raises:
        OSError: the data folder or the console's port cannot be used.
        SpoolLocked: another aggregator works on the data folder.
        ConfigError: the register's address is none.
        ValueError: the store's address is none.
    """
    stop = stopping or threading.Event()
    _listen_for_signals(stop)

    def say(text: str) -> None:
        print(text, file=err, flush=True)

    config.data_dir.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        register = open_register(config.data_dir)
        stack.callback(register.close)
        spool = stack.enter_context(_spool(config))
        store = stack.enter_context(closing(open_store(config.store_url, config.data_dir)))
        _warm(say)
        inbox = Inbox(int(config.mqtt.inbox_mb * MB))
        host = Host(config.mqtt, inbox)
        grades = DeviceGrades()
        keeper = _keeper(register, grades, stack)
        canary = _canary(config, store, stack)
        pipeline = _pipeline(
            config, spool, host, both(Teller(out).tell, keeper), say, canary.noticed
        )
        intake = feed(register, pipeline)
        stack.callback(intake.stop)
        drain = _drain(config, spool, store)
        stack.callback(drain.stop, DRAIN_STOP_S)
        board = Board(pipeline)
        board.refresh()
        live = Live(pipeline, board, Parts(host, drain, inbox, spool, intake, keeper), store)
        figures = partial(_figures, config, spool, drain, store)
        watch = _watch(config, pipeline, live, register, grades, figures, canary)
        drain.watch(watch.samples)
        drain.start()
        keeper.start(live)
        say(f"register: {register.address}")
        _console(config, live, register, stack, say)
        return _work(pipeline, inbox, host, board, stop, say)


def _keeper(register: Register, grades: DeviceGrades, stack: ExitStack) -> Keeper:
    """What keeps alarms, days, conditions and indicators true, one after the other."""
    days = DayFollower(forecast_loads)
    followers = (follow, days, ConditionFollower(), grades, IndicatorFollower())
    keeper = Keeper(register, also=followers)
    stack.callback(keeper.stop)
    return keeper


class Song(NamedTuple):
    """What the canary must be told of, and what it tells; by default there is none."""

    noticed: Callable[[Event], None] = lambda _: None
    samples: Callable[[], tuple[Sample, ...]] = tuple


def _canary(config: Config, store: Store, stack: ExitStack) -> Song:
    """Start the canary, with its ear, where it is configured; it waits a while at first."""
    wanted = config.canary
    if not wanted.every_s or not isinstance(store, InfluxStore):
        return Song()
    ear = None
    if wanted.listen:
        address, port = host_port(wanted.listen, "[canary] listen")
        ear = Receiver(address, port, config.mqtt.host_id)
        stack.callback(ear.close)
    canary = Canary(wanted, config.mqtt, store, ear)
    canary.start()
    stack.callback(canary.stop)
    return Song(canary.noticed, canary.samples)


def _watch(
    config: Config,
    pipeline: Pipeline,
    live: Live,
    register: Register,
    grades: DeviceGrades,
    figures: Callable[[], dict[str, float]],
    canary: Song,
) -> Watch:
    """What writes the rows of a minute beside the readings."""
    return Watch(
        live,
        register.database,
        config.data_dir,
        config.mqtt.host_id,
        figures,
        lambda: dict(pipeline.stage_ns),
        Publisher(register, grades),
        pipeline.follow,
        pipeline.follow_feeders,
        canary.samples,
        lambda: pipeline.latency.kept,
    )


def _spool(config: Config) -> Spool:
    data = config.data
    return Spool(
        config.data_dir / "spool",
        segment_bytes=int(data.segment_mb * MB),
        max_bytes=int(data.spool_mb * MB),
        max_buffered_bytes=int(data.held_mb * MB) + SPOOL_SLACK_BYTES,
    )


def _drain(config: Config, spool: Spool, store: Store) -> Drain:
    windows = None
    if isinstance(store, InfluxStore):  # windows are for dashboards
        windows = Windows(config.data_dir / "windows.npz", store.read)
    return Drain(spool, store, config.data_dir / "store.cursor", windows=windows)


def _figures(config: Config, spool: Spool, drain: Drain, store: Store) -> dict[str, float]:
    refused = store.figures if isinstance(store, InfluxStore) else {}
    return {
        **refused,
        "spool_bytes": spool.size_bytes,
        "spool_limit_bytes": int(config.data.spool_mb * MB),
        "store_lag_bytes": drain.lag_bytes,
        "store_lag_s": drain.lag_s,
        "store_readings": drain.stored_readings,
        "store_failures": drain.failures,
    }


def _pipeline(
    config: Config,
    spool: Spool,
    host: Host,
    tell: Callable[[Incident], None],
    say: Callable[[str], None],
    on_event: Callable[[Event], None],
) -> Pipeline:
    """A pipeline with the state that the last one left."""
    data, folder = config.data, config.data_dir
    checkpoints = Checkpoints(folder / "checkpoints")
    kept_bytes = int(data.quarantine_mb * MB)
    pipeline = Pipeline(
        spool,
        checkpoints,
        Quarantine(folder / "quarantine", data.quarantine_files, kept_bytes),
        Settings(
            data,
            config.rebirth,
            config.alarms,
            config.topology,
            config.profiles,
            config.groups,
        ),
        publish=host.publish,
        on_event=on_event,
        on_incident=tell,
        maintenance=MaintenanceFile(folder / MAINTENANCE_FILE),
    )
    _restore(pipeline, checkpoints, say)
    return pipeline


def _console(
    config: Config, live: Live, register: Register, stack: ExitStack, say: Callable[[str], None]
) -> None:
    wanted = config.console
    if wanted.port < 0:
        return
    configured.tell(settings_of(config))
    console = Console(
        live,
        wanted.host,
        wanted.port,
        access=wanted.access,
        register=register,
    )
    console.start()
    stack.callback(console.stop)
    demo = "" if wanted.access else " (demo mode: without sign-in, this machine only)"
    say(f"console on {console.url}{demo}")


def _work(
    pipeline: Pipeline,
    inbox: Inbox,
    host: Host,
    board: Board,
    stop: threading.Event,
    say: Callable[[str], None],
) -> int:
    thread = threading.Thread(
        target=pipeline.run, args=(inbox, stop, board.refresh), name="pipeline", daemon=True
    )
    thread.start()
    host.start()
    state = ""
    try:
        while not stop.wait(POLL_S) and thread.is_alive():
            if host.state != state:
                state = host.state
                say(f"broker: {state}")
    finally:
        stop.set()
        thread.join()  # last commit, acks and checkpoint need the connection still
        host.stop()
    if pipeline.failed is not None:
        say(f"lamppost aggregator: the pipeline has stopped: {pipeline.failed!r}")
        return 1
    say("stopped: everything received is committed or will be sent again")
    return 0


def _warm(say: Callable[[str], None]) -> None:
    told = float("-inf")

    def progress(done: int, total: int, name: str) -> None:
        nonlocal told
        if time.monotonic() - told >= 1.0 and done < total:
            told = float("-inf")
            say(f"preparing kernels, compiled if need be: {done} of {total}, next {name}")

    took_s = warm(progress)
    if took_s >= 1.0:
        say(f"kernels ready after {took_s:.1f} s")
    if jit.note():
        say(jit.note())


def _restore(pipeline: Pipeline, checkpoints: Checkpoints, say: Callable[[str], None]) -> None:
    now_ms = time.time_ns() // 1_000_000
    restored = restore(pipeline, checkpoints, now_ms)
    for warning in restored.warnings:
        say(f"warning: {warning}")
    if restored.position is not None or restored.frames:
        say(
            f"state restored: {len(pipeline.index)} series, {restored.frames} frames with "
            f"{restored.readings} readings replayed"
        )
    pipeline.lifecycle.connection(now_ms, connected=False)


def _listen_for_signals(stop: threading.Event) -> None:
    if threading.current_thread() is not threading.main_thread():
        return

    def told(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)  # a second one ends the process at once
        stop.set()

    signal.signal(signal.SIGTERM, told)
    signal.signal(signal.SIGINT, told)
