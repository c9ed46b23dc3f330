"""Mosquitto: where it is, and the configuration it is given."""

import base64
import hashlib
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from lamppost.sim.broker.plan import BrokerTls, Plan
from lamppost.sim.ports import LOOPBACK

READY_MARK = "running"
SYSTEM_PATH = "/usr/sbin/mosquitto"  # Debian's place; /usr/sbin is not on every user's PATH
MAX_INFLIGHT_MESSAGES = 65_535
PASSWORD_ROUNDS = 101
SALT_BYTES = 12


def find_mosquitto() -> str | None:
    """Return the path of the mosquitto program, or None when the machine has none."""
    return shutil.which("mosquitto") or shutil.which(SYSTEM_PATH)


def command(program: str, plan: Plan, port: int, tls_port: int | None) -> list[str]:
    """Write mosquitto's configuration into the plan's directory; return its command line."""
    config = plan.directory / "mosquitto.conf"
    config.write_text("\n".join(_lines(plan, port, tls_port)) + "\n")
    return [program, "-c", str(config)]


def _lines(plan: Plan, port: int, tls_port: int | None) -> list[str]:
    lines = [
        "log_dest stderr",
        *(f"log_type {kind}" for kind in ("error", "warning", "notice", "information")),
        "per_listener_settings false",
        f"allow_anonymous {_word(plan.allow_anonymous)}",
        "set_tcp_nodelay true",
        # With the default limits the broker acknowledges messages and then drops them.
        f"max_queued_messages {plan.max_queued_messages}",
        "max_queued_bytes 0",
        f"max_inflight_messages {MAX_INFLIGHT_MESSAGES}",
        f"persistence {_word(plan.persistence)}",
    ]
    if os.geteuid() == 0:
        # Started by root, mosquitto becomes its own user and cannot read our directory.
        lines.append("user root")
    if plan.persistence:
        lines.append(f"persistence_location {plan.directory}/")
    if plan.users:
        lines.append(f"password_file {_write_passwords(plan.directory, plan.users)}")
    if plan.acl_file:
        lines.append(f"acl_file {plan.acl_file}")
    lines.append(f"listener {port} {LOOPBACK}")
    if plan.tls and tls_port is not None:
        lines += _tls_lines(plan.tls, tls_port)
    return lines


def _tls_lines(tls: BrokerTls, port: int) -> list[str]:
    return [
        f"listener {port} {LOOPBACK}",
        f"cafile {tls.ca_file}",
        f"certfile {tls.cert_file}",
        f"keyfile {tls.key_file}",
        f"require_certificate {_word(tls.require_certificate)}",
        f"use_identity_as_username {_word(tls.use_identity_as_username)}",
    ]


def _write_passwords(directory: Path, users: Mapping[str, str]) -> Path:
    path = directory / "passwords"
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}:{_hashed(word)}\n" for name, word in users.items()))
    return path


def _hashed(password: str) -> str:
    """Return the password as mosquitto keeps it: salted PBKDF2 with SHA-512."""
    salt = secrets.token_bytes(SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, PASSWORD_ROUNDS)
    parts = (base64.b64encode(part).decode() for part in (salt, digest))
    return f"$7${PASSWORD_ROUNDS}${'$'.join(parts)}"


def _word(flag: bool) -> str:
    return "true" if flag else "false"
