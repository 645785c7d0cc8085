#!/usr/bin/env bash
# Draws the secrets of compose.yaml, once: what is there stays. For a new secret, delete its file first, and those that hold it.
set -euo pipefail
folder=${1:-$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/secrets}
umask 077
mkdir -p "$folder"
cd "$folder"

draw() {
    od --address-radix=n --format=x1 --read-bytes=24 /dev/urandom | tr -d ' \n'
}

# The containers' users are none of this machine's: the folder keeps others out, not the file.
keep() {
    [ -e "$1" ] && return
    printf %s "$2" > "$1.new"
    chmod 0444 "$1.new"
    mv "$1.new" "$1"
}

keep superuser-password "$(draw)"
keep grafana-password "$(draw)"
keep owner-password "$(draw)"
keep owner-database-url "postgresql://star_owner:$(cat owner-password)@database/star"
for service in ingest thresholds notifier moe-sync console; do
    keep "$service-database-url" "postgresql://star_${service//-/_}_service:$(draw)@database/star"
done
# 32 bytes in URL-safe base64.
keep secrets-key "$(head --bytes=32 /dev/urandom | base64 --wrap=0 | tr '+/' '-_')"
echo "the secrets are in $folder"
