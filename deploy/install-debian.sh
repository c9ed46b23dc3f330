#!/bin/sh
# The operations centre on one Debian machine with systemd, without Docker. Run as root from a
# checkout; running it again updates the programs and changes no configuration and no data.
# Usage: deploy/install-debian.sh [--city]      (--city: a simulated city too)
# Environment: LAMPPOST_NOTIFY_URL, LAMPPOST_PAGE_URL, LAMPPOST_WATCHDOG_URL: webhooks, which are kept
# in /etc/lamppost/receivers.env for the next time.
set -eu
cd "$(dirname "$0")/.."
with_city=""
case "${1:-}" in
    "") ;;
    --city) with_city=yes ;;
    *) echo "install: came '$1', allowed: --city or nothing" >&2; exit 2 ;;
esac
[ "$(id -u)" -eq 0 ] || { echo "install: must be root" >&2; exit 1; }
[ -d /run/systemd/system ] || { echo "install: systemd does not run here" >&2; exit 1; }

apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    mosquitto influxdb python3 python3-venv

echo "install: programs to /opt/lamppost"
uv=$(deploy/find-uv.sh)
# By name: a version that stayed the same would be taken for installed, whatever changed in it.
ours=$(sed -n 's/^name = "\(lamppost-[a-z-]*\)"$/--reinstall-package \1/p' ./*/pyproject.toml)
# shellcheck disable=SC2086  # word splitting is meant: an option and its value each
UV_PROJECT_ENVIRONMENT=/opt/lamppost UV_PYTHON_DOWNLOADS=never \
    "$uv" sync --locked --no-dev --no-editable --quiet $ours
mkdir -p /opt/lamppost/stack /etc/lamppost
cp deploy/stack/city.sh /opt/lamppost/stack/

# InfluxDB 1.6 of Debian: on loopback, asking who comes, with its limits for a city lifted.
if [ ! -e /etc/influxdb/influxdb.conf.before-lamppost ]; then
    cp /etc/influxdb/influxdb.conf /etc/influxdb/influxdb.conf.before-lamppost
    sed -i -e 's/^ *# *index-version = .*/  index-version = "tsi1"/' \
        -e 's/^ *# *max-series-per-database = .*/  max-series-per-database = 0/' \
        -e 's/^ *# *max-values-per-tag = .*/  max-values-per-tag = 0/' \
        -e 's/^ *# *bind-address = ":8086"/  bind-address = "127.0.0.1:8086"/' \
        -e 's/^ *# *auth-enabled = false/  auth-enabled = true/' \
        /etc/influxdb/influxdb.conf
fi
systemctl enable mosquitto influxdb
systemctl restart influxdb
systemctl start mosquitto
admin=/etc/lamppost/influx-admin.password
[ -s "$admin" ] ||
    (umask 077 && python3 -c 'import secrets; print(secrets.token_urlsafe(32))' >"$admin")
tries=0
until /opt/lamppost/bin/lamppost influx setup http://127.0.0.1:8086 --city lamppost \
    --user admin --password-file "$admin" --token-dir /etc/lamppost; do
    tries=$((tries + 1))
    [ "$tries" -lt 30 ] || { echo "install: InfluxDB does not answer" >&2; exit 1; }
    sleep 1
done

if [ ! -e /etc/lamppost/aggregator.toml ]; then
    cat >/etc/lamppost/aggregator.toml <<'TOML'
[mqtt]
host = "127.0.0.1"

[data]
data_dir = "/var/lib/lamppost/aggregator"

[store]
url = "influx1+http://lamppost-aggregator@127.0.0.1:8086/lamppost?password_file=/run/credentials/lamppost-aggregator.service/influx.password"

[console]
access = true

[canary]
every_s = 600
listen = "127.0.0.1:9187"
TOML
fi
cp deploy/systemd/*.service /etc/systemd/system/
mkdir -p /etc/systemd/system/lamppost-aggregator.service.d
cp deploy/systemd/aggregator-influx.conf \
    /etc/systemd/system/lamppost-aggregator.service.d/influx.conf
if systemctl cat grafana-server >/dev/null 2>&1; then  # the console's links to boards
    printf '[Service]\nEnvironment=LAMPPOST_GRAFANA_URL=http://127.0.0.1:3000\n' \
        >/etc/systemd/system/lamppost-aggregator.service.d/grafana.conf
fi
systemctl daemon-reload
systemctl enable lamppost-aggregator
systemctl restart lamppost-aggregator
if [ -n "$with_city" ]; then
    systemctl enable lamppost-city
    systemctl restart lamppost-city
fi
# The first start compiles the kernels, for minutes on a small machine.
echo "install: waiting until the aggregator answers (the first start takes minutes)"
tries=0
until /opt/lamppost/bin/python -c "import urllib.request as r; \
r.urlopen('http://127.0.0.1:8080/api/v0/health', timeout=4)" 2>/dev/null; do
    tries=$((tries + 1))
    if [ "$tries" -ge 300 ] || [ "$(systemctl show -p NRestarts --value lamppost-aggregator)" -ge 3 ]; then
        journalctl --no-pager -n 15 -u lamppost-aggregator >&2
        echo "install: the aggregator does not come up; its last words are above" >&2
        exit 1
    fi
    sleep 2
done

receivers=/etc/lamppost/receivers.env
if [ -n "${LAMPPOST_NOTIFY_URL:-}${LAMPPOST_PAGE_URL:-}${LAMPPOST_WATCHDOG_URL:-}" ]; then
    (umask 077 && printf "LAMPPOST_%s_URL='%s'\n" NOTIFY "${LAMPPOST_NOTIFY_URL:-}" \
        PAGE "${LAMPPOST_PAGE_URL:-}" WATCHDOG "${LAMPPOST_WATCHDOG_URL:-}" >"$receivers")
elif [ -e "$receivers" ]; then
    # shellcheck source=/dev/null
    . "$receivers"
fi
set -- --notify "${LAMPPOST_NOTIFY_URL:-http://127.0.0.1:9/nobody-is-told}"
[ -z "${LAMPPOST_PAGE_URL:-}" ] || set -- "$@" --page "$LAMPPOST_PAGE_URL"
[ -z "${LAMPPOST_WATCHDOG_URL:-}" ] || set -- "$@" --watchdog "$LAMPPOST_WATCHDOG_URL"
grafana=$(dpkg-query -W -f '${Version}\n' grafana grafana-enterprise 2>/dev/null | grep . | head -n 1 || true)
[ -z "$grafana" ] || set -- "$@" --grafana "$grafana"
/opt/lamppost/bin/lamppost dashboards provision /etc/lamppost-grafana \
    --influx http://127.0.0.1:8086 --influx-user lamppost-grafana --city lamppost \
    --canary http://127.0.0.1:9187/ "$@"
chmod 0750 /etc/lamppost-grafana  # webhooks are secrets
if ! grep -qs TOKEN /etc/lamppost-grafana.env; then
    (umask 077 && printf 'LAMPPOST_INFLUX_READ_PASSWORD=%s\n' \
        "$(cat /etc/lamppost/lamppost-grafana.password)" >/etc/lamppost-grafana.env)
fi
if systemctl cat grafana-server >/dev/null 2>&1; then
    mkdir -p /etc/systemd/system/grafana-server.service.d
    cp deploy/systemd/grafana-lamppost.conf \
        /etc/systemd/system/grafana-server.service.d/lamppost.conf
    chgrp grafana /etc/lamppost-grafana
    systemctl daemon-reload
    systemctl enable grafana-server
    systemctl restart grafana-server
    echo "install: Grafana on http://127.0.0.1:3000"
else
    echo "install: Debian has no Grafana. Install it from its maker's packages (9.3, or 9.5.1" >&2
    echo "install: and later), then run this again; all else is running." >&2
fi
echo "install: console on http://127.0.0.1:8080; who may come in is added with"
echo "install: /opt/lamppost/bin/lamppost register user add NAME --role admin --data /var/lib/lamppost/aggregator"
[ -n "${LAMPPOST_NOTIFY_URL:-}" ] ||
    echo "install: nobody is told of alarms yet: run this again with LAMPPOST_NOTIFY_URL=https://..." >&2
