#!/bin/sh
# Grafana reads the read-only token from its environment; here it comes from a file.
set -eu
LAMPPOST_INFLUX_READ_TOKEN=$(cat /secrets/lamppost-grafana.token)
export LAMPPOST_INFLUX_READ_TOKEN
exec /run.sh
