#!/bin/sh
# Prints the path of a uv that can be used: the one on PATH, or one of our own in .tools.
set -eu
version=0.13.8
if command -v uv >/dev/null 2>&1; then
    command -v uv
    exit 0
fi
if [ ! -x .tools/bin/uv ]; then
    python=${PYTHON:-python3}
    echo "setup: no uv on PATH; putting uv $version into .tools" >&2
    if ! "$python" -m venv .tools >/dev/null 2>&1; then
        # Debian keeps ensurepip in a package of its own.
        deploy/debian-packages.sh python3-venv:lamppost-no-such-command
        rm -rf .tools
        "$python" -m venv .tools
    fi
    .tools/bin/python -m pip install --quiet --disable-pip-version-check "uv==$version" >&2
fi
echo .tools/bin/uv
