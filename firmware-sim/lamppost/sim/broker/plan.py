"""What a broker is asked for, before any process exists."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

BrokerKind = Literal["mosquitto", "amqtt"]


class BrokerError(RuntimeError):
    """The broker is not there, does not start, or cannot do what was asked."""


@dataclass(frozen=True, slots=True)
class BrokerTls:
    """Certificates of the TLS listener, PEM files.

    With `require_certificate` a client must show one signed by `ca_file`; with
    `use_identity_as_username` the common name of that certificate is the client's user name.
    """

    ca_file: Path
    cert_file: Path
    key_file: Path
    require_certificate: bool = True
    use_identity_as_username: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a broker's child process is started from.

    `users` maps a name to its password; with `allow_anonymous` false only they (and clients
    whose certificate names them) may connect. `max_queued_messages` 0 means no limit.
    """

    directory: Path
    tls: BrokerTls | None = None
    allow_anonymous: bool = True
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    acl_file: Path | None = None
    persistence: bool = False
    max_queued_messages: int = 0

    @property
    def is_plain(self) -> bool:
        """Whether this asks for nothing beyond an open listener."""
        asked = self.tls or self.users or self.acl_file or self.persistence
        return not asked and self.allow_anonymous and self.max_queued_messages == 0
