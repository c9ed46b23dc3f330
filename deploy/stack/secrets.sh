#!/bin/sh
# Makes passwords and tokens at the first start and never again. Runs as root, without a network.
# Each is read by people of another container with another user id, so the folders are theirs to
# enter and the volumes are what keeps them: no port and no container without the volume reaches them.
set -eu
for file in /secrets/influx.password /secrets/influx-admin.token /grafana-secrets/grafana.password; do
    [ -s "$file" ] && continue
    python3 -c 'import secrets; print(secrets.token_urlsafe(32), end="")' >"$file.new"
    mv "$file.new" "$file"
    echo "secrets: made $file"
done
chown -R 998 /secrets /grafana-secrets /aggregator-secrets /provisioning /data
chmod 0755 /secrets /grafana-secrets
chmod 0644 /secrets/influx.password /secrets/influx-admin.token /grafana-secrets/grafana.password
