"""`oidc.toml` in the data folder: who signs people in elsewhere, and which role they get."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lamppost.register.access.rules import ROLES, Role
from lamppost.register.records.refusals import RefusedError

FILE = "oidc.toml"
SECRET_BYTES_MAX = 4_096
NEEDED = ("issuer", "client_id", "secret_file", "roles")
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
DEFAULTS = {
    "title": "the city's login",
    "name_claim": "preferred_username",
    "role_claim": "roles",
    "district_claim": "",
    "scope": "openid profile",
}


class OidcFileError(RefusedError):
    """The file is not as it must be; names file, key, what came and what is allowed."""


@dataclass(frozen=True, slots=True)
class Provider:
    """An OIDC provider.

    Attributes:
        issuer: Its address, as its tokens name it.
        client_id: Our name there.
        secret: Our password there.
        title: How the button names it.
        name_claim: Claim with the user's name.
        role_claim: Claim with what `roles` knows; dots lead into objects.
        district_claim: Claim with districts, "*" for the whole city; "" when all are for all.
        scope: What is asked for.
        roles: Our role by value of the claim, the first that fits counts.
    """

    issuer: str
    client_id: str
    secret: str
    title: str
    name_claim: str
    role_claim: str
    district_claim: str
    scope: str
    roles: tuple[tuple[str, Role], ...]


def read(folder: Path) -> Provider | None:
    """Return what the data folder's file says; None without a file.

    Raises:
        OidcFileError: it cannot be read, or a key is wrong.
    """
    path = folder / FILE
    if not path.exists():
        return None
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise OidcFileError(f"{path}: came no readable TOML: {error}") from error
    for key in told.keys() - set(NEEDED) - set(DEFAULTS):
        raise _wrong(path, key, told[key], f"one of {', '.join((*NEEDED, *DEFAULTS))}")
    texts = {key: _text(path, key, told) for key in (*NEEDED[:3], *DEFAULTS)}
    return Provider(
        issuer=_issuer(path, texts["issuer"]),
        client_id=texts["client_id"],
        secret=_secret(path, texts["secret_file"]),
        roles=_roles(path, told.get("roles")),
        **{key: texts[key] for key in DEFAULTS},
    )


def is_safe(address: str) -> bool:
    """Return True for an address that nobody on the way can read: https, or this machine."""
    try:
        parts = urlsplit(address)
        return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL)
    except ValueError:
        return False


def _text(path: Path, key: str, told: Mapping[str, Any]) -> str:
    value = told.get(key, DEFAULTS.get(key))
    is_missing = value == "" and key != "district_claim"
    if not isinstance(value, str) or is_missing or not value.isprintable():
        raise _wrong(path, key, value, "a text")
    return value


def _issuer(path: Path, issuer: str) -> str:
    if not is_safe(issuer) or "?" in issuer or "#" in issuer:
        raise _wrong(path, "issuer", issuer, "https://..., as the provider's tokens name it")
    return issuer


def _secret(path: Path, name: str) -> str:
    file = path.parent / name
    try:
        if file.stat().st_mode & 0o077:
            allowed = f"a file that only its owner can read (chmod 600 {file})"
            raise _wrong(path, "secret_file", name, allowed)
        with file.open("rb") as opened:
            secret = opened.read(SECRET_BYTES_MAX).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(path, "secret_file", name, f"a readable file: {error}") from error
    if not secret:
        raise _wrong(path, "secret_file", name, "a file with the secret in it")
    return secret


def _roles(path: Path, told: object) -> tuple[tuple[str, Role], ...]:
    if not isinstance(told, dict) or not told:
        raise _wrong(path, "[roles]", told, '"VALUE OF THE CLAIM" = "ROLE", one or more')
    for value, role in told.items():
        if role not in ROLES:
            raise _wrong(path, f"[roles] {value!r}", role, ", ".join(ROLES))
    return tuple(told.items())


def _wrong(path: Path, key: str, came: object, allowed: str) -> OidcFileError:
    return OidcFileError(f"{path}: {key}: came {came!r}, allowed: {allowed}")
