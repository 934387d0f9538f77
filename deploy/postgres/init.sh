#!/bin/bash
# Run once by the PostgreSQL image, on an empty volume: the roles of the clearing house and their
# passwords. psql reads the passwords from the environment, so that no process list shows them.
# To give a role a new password later, run it again (deploy/README.md, "Changing a password").
set -euo pipefail

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 \
    --username "${POSTGRES_USER:-postgres}" --dbname "${POSTGRES_DB:-clearinghouse}" <<'SQL'
\i /etc/clearinghouse/roles.sql
\getenv owner_password DATABASE_OWNER_PASSWORD
\getenv app_password DATABASE_APP_PASSWORD
-- A statement that fails is logged whole: not these.
SET log_min_error_statement = panic;
SET log_statement = none;
SET log_min_duration_statement = -1;
ALTER ROLE clearinghouse_owner LOGIN PASSWORD :'owner_password';
ALTER ROLE clearinghouse_app LOGIN PASSWORD :'app_password';
SQL
