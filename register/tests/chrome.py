"""Where the headless Chromium of the tests is, and how it is started."""

import os
import shutil

import pytest

CHROMIUM_ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str:
    """Return where Chromium is; without one, skip on a laptop and fail in CI."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None and os.environ.get("CI"):
        pytest.fail("no chromium on this machine; CI needs Debian's package `chromium`")
    if path is None:
        pytest.skip("no chromium on this machine (Debian: apt install chromium)")
    return str(path)
