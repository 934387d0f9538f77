-- The three roles of the house, and what a database gives them. Idempotent. A superuser runs it
-- once in the server; in a further database (a test's) its owner clearinghouse_owner may run it.
-- Passwords are set elsewhere.
--   clearinghouse_owner    owns the tables, migrates
--   clearinghouse_app      jobs and staff: reads and writes rows, never the schema, never TRUNCATE
--   clearinghouse_partner  requests of partners: what the migrations grant, table by table
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'clearinghouse_owner') THEN
        CREATE ROLE clearinghouse_owner LOGIN CREATEDB;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'clearinghouse_app') THEN
        CREATE ROLE clearinghouse_app LOGIN;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'clearinghouse_partner') THEN
        CREATE ROLE clearinghouse_partner LOGIN;
    END IF;
    IF NOT pg_has_role('clearinghouse_app', 'clearinghouse_partner', 'MEMBER') THEN
        GRANT clearinghouse_partner TO clearinghouse_app;
    END IF;
    EXECUTE format('ALTER DATABASE %I OWNER TO clearinghouse_owner', current_database());
END $$;
ALTER SCHEMA public OWNER TO clearinghouse_owner;
ALTER DEFAULT PRIVILEGES FOR ROLE clearinghouse_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO clearinghouse_app;
ALTER DEFAULT PRIVILEGES FOR ROLE clearinghouse_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO clearinghouse_app;
