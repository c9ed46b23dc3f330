"""A missing part is a skip on someone's laptop and a failure in continuous integration."""

import os
import shutil

import pytest


def require_program(name: str, package: str) -> str:
    """The path of a program, also from /usr/sbin; skips or fails with the reason."""
    found = shutil.which(name) or shutil.which(f"/usr/sbin/{name}")
    if found is None:
        missing(f"{name} is not installed (Debian package {package}); `make parts` installs it")
    return str(found)


def missing(reason: str) -> None:
    """Skip the test, or fail it where CI is set."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
