#!/usr/bin/env bash
# Run once, as the database's superuser: the owner, who migrates and makes the services' roles and is no superuser, and their database.
set -euo pipefail
psql --set=ON_ERROR_STOP=1 --set=password="$(cat "${OWNER_PASSWORD_FILE:-/run/secrets/owner-password}")" --username "${POSTGRES_USER:-postgres}" \
    --dbname postgres <<'SQL'
CREATE ROLE star_owner LOGIN CREATEROLE PASSWORD :'password';
CREATE DATABASE star OWNER star_owner;
SQL
