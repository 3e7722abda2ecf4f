#!/bin/sh
# Run once by the database's own start script: passwords from secret files, then the same roles as everywhere.
set -eu
for role in owner app ops; do
    name="CRM_$(echo "$role" | tr '[:lower:]' '[:upper:]')_PASSWORD"
    export "$name=$(cat "/run/secrets/crm_${role}_password")"
done
export CRM_OWNER_CREATEDB=0 CRM_DATABASE=lampwalk
psql -X -q -U "${POSTGRES_USER:-postgres}" -d postgres -f /roles.sql
