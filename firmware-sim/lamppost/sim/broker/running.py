"""A broker's child process: start, kill, stop, and start again on the same port."""

import atexit
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from lamppost.sim.broker.choice import Command, choose
from lamppost.sim.broker.plan import BrokerError, BrokerKind, BrokerTls, Plan
from lamppost.sim.ports import LOOPBACK, free_port

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0
POLL_S = 0.02
MAX_PORT_DRAWS = 8
MAX_LOG_TAIL_CHARS = 2_000


class PortTakenError(BrokerError):
    """Somebody else was quicker to bind the port."""


def run_broker(
    *,
    directory: Path,
    port: int = 0,
    tls: BrokerTls | None = None,
    kind: Literal["auto", "mosquitto", "amqtt"] = "auto",
    allow_anonymous: bool = True,
    users: Mapping[str, str] | None = None,
    acl_file: Path | None = None,
    persistence: bool = False,
    max_queued_messages: int = 0,
) -> "RunningBroker":
    """Start an MQTT broker on loopback as a child process and wait until it accepts clients.

    Args:
        directory: where its configuration and log (`broker.log`) go; made when missing.
        port: of the plain listener; 0 draws a free one.
        tls: adds a TLS listener on a free port, `RunningBroker.tls_port`.
        kind: "auto" takes mosquitto where the machine has it, else amqtt, and says so.
        allow_anonymous: whether clients without a user name may connect.
        users: names and passwords that may connect.
        acl_file: mosquitto's access list.
        persistence: whether mosquitto keeps sessions in `directory` over a clean stop.
        max_queued_messages: per client; 0 means no limit, so nothing is dropped silently.

    Raises:
        BrokerError: no broker on this machine, it does not start, or it cannot do this.
    """
    directory.mkdir(parents=True, exist_ok=True)
    plan = Plan(
        directory=directory.resolve(),
        tls=tls,
        allow_anonymous=allow_anonymous,
        users=dict(users or {}),
        acl_file=acl_file.resolve() if acl_file else None,
        persistence=persistence,
        max_queued_messages=max_queued_messages,
    )
    chosen, command, mark = choose(kind, plan)
    for _ in range(MAX_PORT_DRAWS):
        tls_port = free_port() if tls else None
        broker = RunningBroker(
            chosen, plan.directory, port or free_port(), tls_port, command, mark
        )
        try:
            broker.start()
        except PortTakenError:
            if port:
                raise
            continue
        return broker
    raise BrokerError(f"{chosen}: {MAX_PORT_DRAWS} free ports were taken before it could bind")


class RunningBroker:
    """A broker in a child process on loopback; a context manager that stops it.

    Attributes:
        kind: "mosquitto" or "amqtt".
        host: always loopback.
        port: of the plain listener; the same after `restart`.
        tls_port: of the TLS listener, or None.
        log_file: what the broker wrote.
    """

    def __init__(
        self,
        kind: BrokerKind,
        directory: Path,
        port: int,
        tls_port: int | None,
        command: Command,
        ready_mark: str,
    ) -> None:
        self.kind: BrokerKind = kind
        self.host = LOOPBACK
        self.port = port
        self.tls_port = tls_port
        self.log_file = directory / "broker.log"
        self._command = command
        self._ready_mark = ready_mark
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the running broker."""
        if self._child is None:
            raise BrokerError(f"{self.kind} on port {self.port} is not running")
        return self._child.pid

    @property
    def is_running(self) -> bool:
        """Whether the child process is alive."""
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        """Start the child and wait until it accepts connections; `run_broker` has done it."""
        with self.log_file.open("wb") as log:
            self._child = subprocess.Popen(
                self._command(self.port, self.tls_port),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches the whole foreground group: the broker must outlive the agents
                # that still want to hand over their last readings.
                start_new_session=True,
            )
        atexit.register(self.stop)
        try:
            self._await_ready()
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """End the broker with SIGKILL, as a power cut would."""
        if self._child is not None:
            self._child.kill()
            self._reap(STOP_TIMEOUT_S)

    def stop(self) -> None:
        """End the broker with SIGTERM, and with SIGKILL when that does not help."""
        if self._child is None:
            return
        self._child.terminate()
        try:
            self._reap(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def restart(self) -> None:
        """Start the broker again on the same ports, stopping it first where it runs."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _reap(self, timeout_s: float) -> None:
        if self._child is not None:
            self._child.wait(timeout_s)
            self._child = None
            atexit.unregister(self.stop)

    def _await_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if not self.is_running:
                self._raise_ended()
            # A stranger on this port would accept us too: the log tells that it is ours.
            if self._ready_mark in self._log() and self._accepts():
                return
            time.sleep(POLL_S)
        raise BrokerError(
            f"{self.kind} accepts nothing on port {self.port} after {START_TIMEOUT_S:g} s; "
            f"its log says: {self._log()}"
        )

    def _raise_ended(self) -> None:
        said = self._log()
        if "address already in use" in said.lower():
            raise PortTakenError(f"port {self.port} is taken: {said}")
        raise BrokerError(f"{self.kind} ended at once; its log says: {said}")

    def _log(self) -> str:
        return self.log_file.read_text(errors="replace")[-MAX_LOG_TAIL_CHARS:].strip()

    def _accepts(self) -> bool:
        ports = [self.port] if self.tls_port is None else [self.port, self.tls_port]
        try:
            for port in ports:
                socket.create_connection((self.host, port), timeout=1.0).close()
        except OSError:
            return False
        return True
