#!/bin/sh
# Databases and tokens in InfluxDB, and what Grafana provisions; running it again changes nothing.
set -eu
lamppost influx setup http://influxdb:8086 --city lamppost --org lamppost \
    --token-file /secrets/influx-admin.token --token-dir /secrets
# Each gets its own and no other; Grafana runs as somebody else.
install -m 0600 /secrets/lamppost-aggregator.token /aggregator-secrets/
install -m 0644 /secrets/lamppost-grafana.token /grafana-secrets/
set -- --notify "$LAMPPOST_NOTIFY_URL"
[ -z "${LAMPPOST_PAGE_URL:-}" ] || set -- "$@" --page "$LAMPPOST_PAGE_URL"
[ -z "${LAMPPOST_WATCHDOG_URL:-}" ] || set -- "$@" --watchdog "$LAMPPOST_WATCHDOG_URL"
lamppost dashboards provision /provisioning --grafana "$GRAFANA_VERSION" --influx http://influxdb:8086 --city lamppost \
    --console http://127.0.0.1:8080 --canary http://aggregator:9187/ "$@"
