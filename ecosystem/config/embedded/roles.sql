-- The roles of ARCHITECTURE: who owns, who works, who may look across businesses. Run by psql as superuser, again and
-- again without harm: by the embedded PostgreSQL and by the database container of docker-compose.yml.
\set ON_ERROR_STOP on
\set QUIET on
\getenv owner_password CRM_OWNER_PASSWORD
\getenv app_password CRM_APP_PASSWORD
\getenv ops_password CRM_OPS_PASSWORD
\getenv owner_createdb CRM_OWNER_CREATEDB
\getenv database CRM_DATABASE
SET client_min_messages = warning;

SELECT format('CREATE ROLE %I', wanted) FROM unnest(ARRAY['crm_owner', 'crm_app', 'crm_ops', 'crm_lookup']) AS wanted
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) \gexec

-- Owns the tables and migrates. CREATEDB only where tests make their own databases.
ALTER ROLE crm_owner LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOREPLICATION PASSWORD :'owner_password';
SELECT CASE WHEN :'owner_createdb' = '1' THEN 'ALTER ROLE crm_owner CREATEDB' ELSE 'ALTER ROLE crm_owner NOCREATEDB' END \gexec
-- Web, workers, tests. Its limits stand here too, for connections through a pooler.
ALTER ROLE crm_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION PASSWORD :'app_password';
ALTER ROLE crm_app SET statement_timeout = '60s';
ALTER ROLE crm_app SET lock_timeout = '2s';
ALTER ROLE crm_app SET idle_in_transaction_session_timeout = '15s';
-- Backups and checks across businesses; in no web or worker settings.
ALTER ROLE crm_ops LOGIN NOSUPERUSER BYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION PASSWORD :'ops_password';
GRANT pg_read_all_data TO crm_ops;
-- Owns the few functions that find a business before one is known; migrations hand them over to it.
ALTER ROLE crm_lookup NOLOGIN NOSUPERUSER BYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION;
GRANT crm_lookup TO crm_owner WITH INHERIT FALSE, SET TRUE;

SELECT format('CREATE DATABASE %I OWNER crm_owner TEMPLATE template0 ENCODING ''UTF8'''
              ' LOCALE_PROVIDER builtin BUILTIN_LOCALE ''C.UTF-8'' LOCALE ''C''', :'database')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'database') \gexec
SELECT format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO crm_app, crm_ops', :'database') \gexec

\connect :"database"
SET client_min_messages = warning;
ALTER SCHEMA public OWNER TO crm_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO crm_app, crm_ops, crm_lookup;
-- No default privileges on purpose: the schema editor grants table by table (ledgers get no UPDATE), and a table that
-- raw SQL makes, a partition for example, must not be open past its parent's policy.
