"""Arguments of the command line that several commands check alike."""

from pathlib import Path
from urllib.parse import urlsplit

from lamppost.wire.series import CITY, CITY_ALLOWED


class Failed(Exception):  # noqa: N818 - what happened, told as it is
    """A command could not do its work; the message is all a person needs."""


class WrongUse(ValueError):  # noqa: N818 - what a person did, told as it is
    """An argument is not what it may be."""

    def __init__(self, option: str, came: object, allowed: str) -> None:
        super().__init__(f"{option}: came {came!r}, allowed: {allowed}")


def city(text: str) -> str:
    """Return the name of a city.

    Raises:
        WrongUse: it is none.
    """
    if not CITY.fullmatch(text):
        raise WrongUse("--city", text, CITY_ALLOWED)
    return text


def web_url(option: str, text: str) -> str:
    """Return an address without its last slash.

    Raises:
        WrongUse: it is none, or carries a password.
    """
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise WrongUse(option, text.rpartition("@")[2], "http://HOST[:PORT] or https://…")
    if "@" in parts.netloc:
        raise WrongUse(option, "(not shown)", "an address without user and password")
    return text.rstrip("/")


def secret(option: str, path: Path | None) -> str:
    """Return the one line of a file; empty when there is none to read.

    Raises:
        WrongUse: it cannot be read, or has no or more than one line.
    """
    if path is None:
        return ""
    try:
        text = path.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise WrongUse(option, str(path), "a readable file with one line of text") from error
    if not text or "\n" in text:
        raise WrongUse(option, str(path), "a file with one line of text")
    return text
