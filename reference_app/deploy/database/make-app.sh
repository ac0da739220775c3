#!/bin/bash
# On the first start: the service's own role, which owns its database and is no superuser.
set -euo pipefail

password=$(cat /run/secrets/app_password)
psql --quiet --set=ON_ERROR_STOP=1 --username postgres --dbname postgres \
    --set=password="$password" <<'SQL'
-- 50: the pooler's 20, and past it the exports of each replica and a migration.
CREATE ROLE app LOGIN CONNECTION LIMIT 50 PASSWORD :'password';
CREATE DATABASE dojo OWNER app;
REVOKE CONNECT ON DATABASE dojo FROM PUBLIC;
SQL
