"""Passwords: which are allowed, how they are kept, whether one matches.

Argon2id with the parameters of RFC 9106 for machines that are short of memory (64 MiB, three
passes), which are argon2-cffi's own.
"""

import unicodedata
from functools import cache
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from lamppost.register.records.links import RefusedError

CHARS_MIN = 12
CHARS_MAX = 256

STRONG = PasswordHasher()
_hasher = STRONG


def hash_with(hasher: PasswordHasher) -> None:
    """Hash at another cost from now on; what was hashed before still matches."""
    global _hasher
    _hasher = hasher
    _nobodys.cache_clear()


def checked(name: str, password: str) -> str:
    """Return a password that somebody may have.

    Raises:
        RefusedError: it is too short, too long, or holds the user's own name.
    """
    if not CHARS_MIN <= len(password) <= CHARS_MAX:
        came, allowed = len(password), f"{CHARS_MIN} to {CHARS_MAX}"
        raise RefusedError(f"password: came {came} characters, allowed: {allowed}")
    if name.lower() in password.lower():
        raise RefusedError("password: came one with the user's name in it, allowed: none such")
    return password


def hashed(password: str) -> str:
    """Return what is kept of a password; takes a tenth of a second and 64 MiB, on purpose."""
    return _hasher.hash(_normal(password))


def matches(kept: str | None, password: str) -> bool:
    """Return True when it is the password; takes as long when there is none to match.

    Args:
        kept: What `hashed` returned; None for a user who has none, or is none.
        password: What somebody typed.
    """
    if len(password) > CHARS_MAX:
        kept, password = None, ""
    try:
        _hasher.verify(kept or _nobodys(), _normal(password))
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def mark(kept: str) -> str:
    """Return what the audit trail keeps of a hash: it shows a change, and helps no guesser."""
    return sha256(kept.encode()).hexdigest()[:32]


@cache
def _nobodys() -> str:
    """A hash to compare with when there is none, so that both take as long."""
    return _hasher.hash("nobody has this password, whoever types it")


def _normal(password: str) -> str:
    """Two keyboards may send the same letter as different code points."""
    return unicodedata.normalize("NFKC", password)
