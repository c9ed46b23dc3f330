#!/bin/sh
# A simulated city: its devices, and an edge agent for each node. Ends when one of them ends.
# Usage: city.sh [BROKER [FOLDER]]
set -eu
broker=${1:-mosquitto:1883}
cd "${2:-/var/lib/lamppost}"
rm -rf nodes ports.json
lamppost sim serve --write-configs nodes --broker "$broker" --local-time utc \
    --labels labels.jsonl --ports-file ports.json &
pids=$!
trap 'kill $pids 2>/dev/null; wait' INT TERM EXIT
tries=0
until [ -s ports.json ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 120 ] || { echo "city: the devices do not come up" >&2; exit 1; }
    sleep 0.5
done
for config in nodes/*.toml; do
    node=$(basename "$config" .toml)
    mkdir -p "state/$node"
    (cd "state/$node" && exec lamppost edge run "../../$config") &
    pids="$pids $!"
done
# A part that died must not leave half a city: whoever starts us starts all of it again.
while :; do
    for pid in $pids; do kill -0 "$pid" 2>/dev/null || exit 1; done
    sleep 2
done
