#!/usr/bin/env bash
# Installs the STAR engine on a machine with systemd, brings it to a newer version, switches back, removes it.
set -euo pipefail

usage() {
    cat <<'TEXT'
install.sh install [--parts] [--root DIR] WHEELS   installs the version in the folder WHEELS, or brings an older one up to it
install.sh switch [--root DIR] VERSION             goes (back) to a version that is installed
install.sh remove [--purge] [--root DIR]           removes the programs; with --purge, settings, keys and all data, too

--parts   each part as a unit of its own (star.target), on Kafka and PostgreSQL; without it, everything in one (star.service)
--root    another root folder, to look at what an installation does: nothing is started, and the programs run only where they are
PYTHON    (environment) the interpreter, python3 by default, 3.11 or later
TEXT
    exit 2
}

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root= parts= purge=
command=${1:-}
[ $# -gt 0 ] && shift
given=()
while [ $# -gt 0 ]; do
    case $1 in
        --root) root=${2:?--root needs a folder}; root=${root%/}; shift ;;
        --parts) parts=yes ;;
        --purge) purge=yes ;;
        -*) usage ;;
        *) given+=("$1") ;;
    esac
    shift
done

opt=$root/opt/star etc=$root/etc/star data=$root/var/lib/star units=$root/usr/local/lib/systemd/system wrapper=$root/usr/local/bin/star
PARTS=(ingest thresholds notifier moe-sync console)

# In another root there is no manager to talk to.
manager() {
    [ -n "$root" ] || systemctl "$@"
}

# The users of the root folder are not this machine's.
id_of() {
    awk -F: -v name=star '$1 == name { print $3 }' "$root/etc/$1"
}

make_user() {
    command -v systemd-sysusers >/dev/null || fail "there is no systemd-sysusers: this machine has no systemd"
    mkdir -p "$root/etc"
    systemd-sysusers ${root:+--root="$root"} --inline 'u star - "STAR engine" /var/lib/star'
    user=$(id_of passwd) group=$(id_of group)
}

make_folders() {
    install -d -m 0755 "$opt" "$units" "$(dirname "$wrapper")"
    install -d -m 0750 -o 0 -g "$group" "$etc"
    install -d -m 0700 -o "$user" -g "$group" "$data"
}

older_than_020() {
    [ "$(printf '%s\n' "$1" 0.2.0 | sort --version-sort | head -n 1)" = 0.2.0 ] || echo yes
}

# The programs of a version, in a folder of their own; one that is whole is left as it is.
make_version() {
    local wheels=$1 version=$2 folder=$opt/$2 extras= python=${PYTHON:-python3}
    [ -e "$folder/.whole" ] && return
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "$python is older than 3.11: name another with PYTHON"
    # A release's archive has the wheels of all extras; 0.1.0 knew none.
    [ "$(older_than_020 "$version")" = yes ] || extras="[all]"
    rm -rf "$folder"
    "$python" -m venv --without-pip "$folder"
    PYTHONPATH=$(echo "$wheels"/pip-*.whl) "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir \
        --no-index --find-links "$wheels" "star-engine$extras==$version"
    chmod -R go-w,a+rX "$folder"
    setpriv --reuid "$user" --regid "$group" --clear-groups "$folder/bin/star" --help >/dev/null \
        || fail "the user star can't run $python: name another with PYTHON, outside of anybody's home"
    touch "$folder/.whole"
}

place_settings() {
    install -m 0644 "$here/star.env" "$etc/star.env.example"
    [ -e "$etc/star.env" ] || install -m 0640 -o 0 -g "$group" "$here/star.env" "$etc/star.env"
    [ -e "$etc/operator.env" ] || install -m 0600 -o 0 -g 0 /dev/null "$etc/operator.env"
}

place_units() {
    local unit
    for unit in "$here"/star*.service "$here"/star.target; do
        install -m 0644 "$unit" "$units/"
    done
    for unit in "$here"/*.service.d; do
        install -d -m 0755 "$units/$(basename "$unit")"
        install -m 0644 "$unit"/*.conf "$units/$(basename "$unit")/"
    done
    install -m 0755 "$here/star" "$wrapper"
}

# Versions before 0.2.0 send no notices: systemd would wait for their start, and take them for hung.
place_manner() {
    local unit folder
    for unit in star star-api@ star-worker@; do
        folder=$units/$unit.service.d
        rm -rf "$folder"
        if [ "$(older_than_020 "$1")" = yes ]; then
            install -d -m 0755 "$folder"
            printf '[Service]\nType=exec\nWatchdogSec=0\n' > "$folder/no-notices.conf"
        fi
    done
    manager daemon-reload
}

current() {
    readlink "$opt/current" || true
}

# By rename, so that there is a current version at every moment. Programs that run stay in the folder that they were started from.
switch_to() {
    place_manner "$1"
    ln -sfn "$1" "$opt/current.new"
    mv -T "$opt/current.new" "$opt/current"
}

active() {
    [ -z "$root" ] && systemctl is-active --quiet "$1"
}

# Before the switch: what runs goes on meanwhile, and stays if this fails.
migrate_with() {
    local version=$1
    shift
    systemd-run --quiet --pipe --wait --collect --property=User=star --property=Group=star --setenv=STAR_DATA=/var/lib/star \
        --property=EnvironmentFile=/etc/star/star.env --property=EnvironmentFile=-/etc/star/operator.env "$opt/$version/bin/star" migrate "$@"
}

# A part at a time, so that its neighbours of the same kind take over: the doors first, then those that work behind them.
restart() {
    local part kind
    if active star.service; then
        systemctl restart star.service
    fi
    for kind in api worker; do
        for part in "${PARTS[@]}"; do
            if active "star-$kind@$part.service"; then
                systemctl restart "star-$kind@$part.service"
            fi
        done
    done
}

enable() {
    if [ -n "$parts" ]; then
        systemctl ${root:+--root="$root"} --quiet enable star.target "${PARTS[@]/#/star-api@}" "${PARTS[@]/#/star-worker@}"
        echo "write the settings into $etc, then: systemctl start star-migrate star.target"
    else
        systemctl ${root:+--root="$root"} --quiet enable star.service
        echo "look at $etc/star.env, then: systemctl start star"
    fi
}

do_install() {
    [ ${#given[@]} = 1 ] && [ -d "${given[0]}" ] || usage
    local wheels before version wheel
    wheels=$(cd "${given[0]}" && pwd)
    wheel=("$wheels"/star_engine-*.whl)
    [ ${#wheel[@]} = 1 ] && [ -e "${wheel[0]}" ] || fail "$wheels has to have one wheel of star_engine"
    version=$(basename "${wheel[0]}")
    version=${version#star_engine-} version=${version%%-*}
    before=$(current)
    make_user
    make_folders
    make_version "$wheels" "$version"
    place_settings
    place_units
    if [ -z "$before" ]; then
        switch_to "$version"
        enable
    elif [ "$before" != "$version" ]; then
        # star.service migrates by itself as it starts.
        if active star.target; then
            migrate_with "$version"
        fi
        switch_to "$version"
        restart
    else
        manager daemon-reload
    fi
    echo "$version is installed${before:+, $before was before it}"
}

do_switch() {
    [ ${#given[@]} = 1 ] || usage
    [ -e "$opt/${given[0]}/.whole" ] || fail "${given[0]} is not installed; there are: $(ls "$opt" 2>/dev/null | grep -v current | xargs)"
    local version=${given[0]}
    # In one process, 0.1.0 does not start on a newer schema.
    if [ -z "$root" ] && [ -d "$data/postgres" ] && [ "$version" != "$(current)" ]; then
        systemctl stop star.service
        migrate_with "$(current)" --back-to "$version" || { systemctl start star.service; fail "nothing was changed"; }
        switch_to "$version"
        systemctl start star.service
        return
    fi
    switch_to "$version"
    restart
}

do_remove() {
    [ ${#given[@]} = 0 ] || usage
    local unit
    local now=--now
    [ -z "$root" ] || now=--root=$root
    systemctl "$now" --quiet disable star.service star.target "${PARTS[@]/#/star-api@}" "${PARTS[@]/#/star-worker@}" 2>/dev/null || true
    rm -rf "$opt" "$wrapper" "$units"/star.service* "$units"/star.target "$units"/star-migrate.service "$units"/star-api@* "$units"/star-worker@*
    manager daemon-reload
    if [ -n "$purge" ]; then
        rm -rf "$etc" "$data"
        if [ -n "$(id_of passwd)" ]; then
            userdel ${root:+--prefix "$root"} star
        fi
        return
    fi
    echo "settings and data are kept: $etc $data"
}

[ "$(id -u)" = 0 ] || fail "run it as root: it makes a user, and folders outside your own"
case $command in
    install) do_install ;;
    switch) do_switch ;;
    remove) do_remove ;;
    *) usage ;;
esac
