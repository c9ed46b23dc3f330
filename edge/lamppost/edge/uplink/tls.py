"""Keys, certificates and passwords for the broker, read anew for every connection."""

import ssl
from dataclasses import dataclass

from lamppost.edge.config.file import MqttConfig

MAX_PASSWORD_BYTES = 65_535


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a connection shows of itself; never printed."""

    username: str | None
    password: str | None

    def __repr__(self) -> str:
        return f"Credentials(username={self.username!r}, password=...)"


def credentials(config: MqttConfig) -> Credentials:
    """The user name and password; the password's file may end with a line break.

    Raises:
        OSError: the file cannot be read.
    """
    password = None
    if config.password_file is not None:
        data = config.password_file.read_bytes()[:MAX_PASSWORD_BYTES]
        password = data.decode("utf-8", "replace").rstrip("\r\n")
    return Credentials(config.username or None, password)


def context(config: MqttConfig) -> ssl.SSLContext | None:
    """The TLS context, or None for a plain connection.

    Without `ca_file` the system's authorities are trusted. The broker's name is always checked.

    Raises:
        OSError: a file cannot be read or is not what it should be (`ssl.SSLError` is one).
    """
    if not config.tls:
        return None
    made = ssl.create_default_context(cafile=config.ca_file)
    if config.cert_file is not None:
        made.load_cert_chain(config.cert_file, config.key_file)
    return made
