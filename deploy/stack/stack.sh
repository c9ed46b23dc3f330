#!/bin/sh
# `make stack`: the whole operations centre with a simulated city, where Docker is.
set -eu
cd "$(dirname "$0")/.."
if ! docker compose version >/dev/null 2>&1; then
    echo "stack: Docker with its compose plugin is not here; deploy/README.md tells how to run" >&2
    echo "stack: the same on Debian without it: sudo deploy/install-debian.sh" >&2
    exit 1
fi
if ! docker info >/dev/null 2>&1; then
    echo "stack: Docker's daemon does not answer: is it started, may you use it?" >&2
    exit 1
fi
docker compose up --build --detach --wait --wait-timeout 1200
echo "stack: console http://127.0.0.1:8080, Grafana http://127.0.0.1:3000 (user admin)"
echo "stack: its password: docker compose -p lamppost exec grafana cat /secrets/grafana.password"
echo "stack: stop with: docker compose -p lamppost down    (--volumes deletes all data too)"
[ -n "${LAMPPOST_NOTIFY_URL:-}" ] || grep -qs '^LAMPPOST_NOTIFY_URL=.' .env ||
    echo "stack: nobody is told of alarms yet: put LAMPPOST_NOTIFY_URL=https://... into deploy/.env"
