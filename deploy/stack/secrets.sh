#!/bin/sh
# Makes passwords and tokens at the first start and never again. Runs as root, without a network.
# Each is read by people of another container with another user id, so the folder is theirs to
# enter and the volume is what keeps them: no port and no other container reaches it.
set -eu
cd /secrets
for name in influx.password influx-admin.token grafana.password; do
    [ -s "$name" ] && continue
    python3 -c 'import secrets; print(secrets.token_urlsafe(32), end="")' >"$name.new"
    mv "$name.new" "$name"
    echo "secrets: made $name"
done
chown -R 998 /secrets /provisioning /data
chmod 0755 /secrets
chmod 0644 influx.password influx-admin.token grafana.password
