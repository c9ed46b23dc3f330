"""Secrets in files that only their owner reads."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

MODE_FILE, MODE_FOLDER = 0o600, 0o700
MAX_BYTES = 4096


def read_secret(path: Path) -> str:
    """Return the one line of text in a file; empty when there is no such file.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not one line of text.
    """
    try:
        text = path.read_bytes()[:MAX_BYTES].decode().strip()
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        text = ""
    if not text or not text.isprintable():
        raise ValueError(f"{path}: something else came, allowed: one line of text")
    return text


def keep_secret(path: Path, make: Callable[[], str]) -> str:
    """Make a secret and keep it in a file of mode 0600, in place of what was there.

    The file is opened before the secret is made: a folder that takes no files must not leave a
    secret behind that nobody has.

    Args:
        path: its folder is made, for the owner alone, when it is missing.
        make: returns the secret.

    Raises:
        OSError: the file cannot be written; an older one stays.
    """
    path.parent.mkdir(mode=MODE_FOLDER, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    # O_EXCL: never into a file that somebody else has laid there and can read.
    number = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE_FILE)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            secret = make()
            file.write(secret + "\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    return secret
