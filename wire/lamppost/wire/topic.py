"""The topics of Sparkplug B: who says what kind of thing.

`spBv1.0/<group>/<verb>/<node>[/<device>]`, and `spBv1.0/STATE/<host>` for a host. Identifiers
may hold anything but the signs that MQTT keeps for itself, so they are never parts of a path.
"""

from dataclasses import dataclass
from enum import StrEnum

NAMESPACE = "spBv1.0"
STATE = "STATE"
MAX_ID_CHARS = 255
_FORBIDDEN = frozenset("+#/\0")


class TopicError(ValueError):
    """A topic or an identifier that Sparkplug does not allow."""


class Verb(StrEnum):
    """What a message is: of a node or a device; its birth, its death, data or a command."""

    NBIRTH = "NBIRTH"
    NDEATH = "NDEATH"
    DBIRTH = "DBIRTH"
    DDEATH = "DDEATH"
    NDATA = "NDATA"
    DDATA = "DDATA"
    NCMD = "NCMD"
    DCMD = "DCMD"

    @property
    def of_device(self) -> bool:
        """True when the topic must name a device."""
        return self.value.startswith("D")


_VERBS = {verb.value: verb for verb in Verb}


@dataclass(frozen=True, slots=True)
class Topic:
    """The topic of a node's or a device's message.

    Raises:
        TopicError: An identifier is not allowed, or device and verb do not go together.
    """

    group: str
    verb: Verb
    node: str
    device: str | None = None

    def __post_init__(self) -> None:
        check_id("group", self.group)
        check_id("node", self.node)
        if self.device is not None:
            check_id("device", self.device)
        if self.verb.of_device != (self.device is not None):
            need = "a device" if self.verb.of_device else "no device"
            raise TopicError(f"came {self.text!r}, allowed: {need} after {self.verb}")

    @property
    def text(self) -> str:
        """The topic as MQTT carries it."""
        text = f"{NAMESPACE}/{self.group}/{self.verb}/{self.node}"
        return text if self.device is None else f"{text}/{self.device}"

    @classmethod
    def parse(cls, text: str) -> "Topic":
        """Return the topic that the text names.

        Raises:
            TopicError: It is not the topic of a node or a device.
        """
        parts = text.split("/")
        if len(parts) not in {4, 5} or parts[0] != NAMESPACE or parts[2] not in _VERBS:
            form = f"{NAMESPACE}/<group>/<verb>/<node>[/<device>]"
            raise TopicError(f"came {_shown(text)}, allowed: {form}")
        return cls(parts[1], _VERBS[parts[2]], parts[3], parts[4] if len(parts) > 4 else None)


def check_id(what: str, text: str) -> None:
    """Raise `TopicError` unless the text may name a group, a node, a device or a host."""
    allowed = f"1..{MAX_ID_CHARS} characters of UTF-8 without + # / and NUL"
    if not 0 < len(text) <= MAX_ID_CHARS or not _FORBIDDEN.isdisjoint(text):
        raise TopicError(f"{what}: came {_shown(text)}, allowed: {allowed}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise TopicError(f"{what}: came {_shown(text)}, allowed: {allowed}") from None


def state_topic(host: str) -> str:
    """Return the topic on which a host tells whether it is online."""
    check_id("host", host)
    return f"{NAMESPACE}/{STATE}/{host}"


def parse_state_topic(text: str) -> str:
    """Return the host that a STATE topic names.

    Raises:
        TopicError: It is no STATE topic.
    """
    parts = text.split("/")
    if len(parts) != 3 or parts[0] != NAMESPACE or parts[1] != STATE:
        raise TopicError(f"came {_shown(text)}, allowed: {NAMESPACE}/{STATE}/<host>")
    check_id("host", parts[2])
    return parts[2]


def _shown(text: str) -> str:
    return repr(text if len(text) <= 2 * MAX_ID_CHARS else text[: 2 * MAX_ID_CHARS] + "...")
