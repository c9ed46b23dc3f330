#!/bin/sh
# Databases and tokens in InfluxDB, and what Grafana provisions; running it again changes nothing.
set -eu
lamppost influx setup http://influxdb:8086 --city lamppost --org lamppost \
    --token-file /secrets/influx-admin.token --token-dir /secrets
# The command writes tokens for their owner only; Grafana runs as somebody else.
chmod 0644 /secrets/lamppost-grafana.token
set -- --notify "$LAMPPOST_NOTIFY_URL"
[ -z "${LAMPPOST_PAGE_URL:-}" ] || set -- "$@" --page "$LAMPPOST_PAGE_URL"
[ -z "${LAMPPOST_WATCHDOG_URL:-}" ] || set -- "$@" --watchdog "$LAMPPOST_WATCHDOG_URL"
lamppost dashboards provision /provisioning --influx http://influxdb:8086 --city lamppost \
    --console http://127.0.0.1:8080 --canary http://aggregator:9187/ "$@"
