#!/bin/sh
# Installs Debian packages that are missing, where the machine has apt and the rights; says so
# where it has not and goes on, because each caller has its own way to do without.
# Usage: deploy/debian-packages.sh PACKAGE:COMMAND ...     (COMMAND tells whether it is there)
set -u
PATH="$PATH:/usr/sbin:/sbin"
missing=""
for pair in "$@"; do
    command -v "${pair#*:}" >/dev/null 2>&1 || missing="$missing ${pair%%:*}"
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "setup: no apt-get here, so these stay missing:$missing" >&2
    exit 0
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    else
        echo "setup: no rights to install, so these stay missing:$missing" >&2
        echo "setup: an administrator can run: apt-get install$missing" >&2
        exit 0
    fi
fi
# Debian starts a daemon right after installing it; ours are children of the demo and the tests,
# so a policy for the time of this call keeps the packaged services down (removed afterwards).
policy=/usr/sbin/policy-rc.d
made_policy=""
if [ ! -e "$policy" ] && $as_root sh -c "printf '#!/bin/sh\nexit 101\n' > $policy && chmod +x $policy"; then
    made_policy=yes
fi
echo "setup: installing$missing (Debian packages) ..." >&2
log=$(mktemp)
# shellcheck disable=SC2086  # word splitting is meant: a list of packages
if $as_root env DEBIAN_FRONTEND=noninteractive sh -c "apt-get update && apt-get install -y --no-install-recommends $missing" >"$log" 2>&1; then
    echo "setup: installed$missing" >&2
else
    echo "setup: installing$missing failed; the last lines were:" >&2
    tail -n 5 "$log" >&2
fi
rm -f "$log"
[ -z "$made_policy" ] || $as_root rm -f "$policy"
exit 0
