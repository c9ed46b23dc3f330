"""The demo's child processes: each is the shipped command, with a log file of its own."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

STOP_TIMEOUT_S = 40.0


@dataclass(slots=True)
class Child:
    """One running `lamppost ...` command."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def rss_mb(self) -> float | None:
        """Resident memory in MB, or None when the process is gone."""
        try:
            return round(psutil.Process(self.process.pid).memory_info().rss / 1e6, 1)
        except psutil.Error:
            return None

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> int:
        """Ask for a clean stop, insist after `timeout_s`, and return the exit code."""
        if self.alive:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def last_words(self, lines: int = 12) -> str:
        """The end of the log, for the message about a child that died."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])


def lamppost(*args: str) -> list[str]:
    """The command line that runs `lamppost ARGS` with this interpreter."""
    return [sys.executable, "-m", "lamppost.wire.command", *args]


def start(name: str, args: Sequence[str], log_dir: Path) -> Child:
    """Start `lamppost ARGS` in a session of its own, so that Ctrl-C reaches the demo first."""
    log = log_dir / f"{name}.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            lamppost(*args),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Child(name, process, log)


def output_of(args: Sequence[str], timeout_s: float = 60.0) -> str:
    """What `lamppost ARGS` prints; raises CalledProcessError when it fails."""
    done = subprocess.run(
        lamppost(*args), check=True, capture_output=True, text=True, timeout=timeout_s
    )
    return done.stdout
