"""The broker, and the way to it."""

from dataclasses import dataclass
from pathlib import Path

from lamppost.aggregator.settings.rules import (
    ConfigError,
    Problem,
    host_id,
    number,
    readable_file,
    ruled,
    text,
    whole,
)

PORT = whole(1, 65_535, "a TCP port")
PASSWORD_FILE = readable_file("a file with the password")
PEM_FILE = readable_file("a PEM file")


@dataclass(frozen=True, slots=True)
class MqttConfig:
    """How to reach the broker, and as which Sparkplug host."""

    host: str = ruled(text("a host name or address"), "127.0.0.1")
    port: int = ruled(PORT, 1883)
    keepalive_s: int = ruled(whole(5, 3600, "seconds"), 15)
    host_id: str = ruled(host_id(), "lamppost")
    username: str = ruled(text('a user name, "" for none'), "")
    password_file: Path | None = ruled(PASSWORD_FILE, None)  # noqa: RUF009
    ca_file: Path | None = ruled(PEM_FILE, None)  # noqa: RUF009
    cert_file: Path | None = ruled(PEM_FILE, None)  # noqa: RUF009
    key_file: Path | None = ruled(PEM_FILE, None)  # noqa: RUF009
    inbox_mb: float = ruled(number(1, 4096, "megabytes"), 64.0)

    def password(self) -> str | None:
        """The password, read now so that a changed file counts at the next connect."""
        return None if self.password_file is None else self.password_file.read_text().strip()


def host_port(argument: str, option: str, default_host: str = "127.0.0.1") -> tuple[str, int]:
    """Split HOST:PORT (or :PORT, or PORT) from the command line.

    Raises:
        ConfigError: it is neither.
    """
    host, _, port = argument.rpartition(":")
    if not port.lstrip("-").isdecimal() or not -1 <= int(port) <= 65_535:
        raise ConfigError((Problem("command line", option, argument, "HOST:PORT"),))
    return host.strip("[]") or default_host, int(port)
