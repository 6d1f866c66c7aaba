-- Supabase's two event triggers that tell PostgREST when the schema has changed, so that a view that
-- somebody makes by hand, or a migration of others, shows in the API at once. Only a superuser can
-- make event triggers; where the login is none, `frontdesk doctor` says that they are missing.

/*
 * Tell PostgREST of what was made or changed, unless it is temporary.
 */
create or replace function extensions.pgrst_ddl_watch()
returns event_trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from pg_event_trigger_ddl_commands() as command
        where
            command.schema_name is distinct from 'pg_temp'
            and command.command_tag in (
                'CREATE SCHEMA', 'ALTER SCHEMA', 'CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO',
                'ALTER TABLE', 'CREATE FOREIGN TABLE', 'ALTER FOREIGN TABLE', 'CREATE VIEW',
                'ALTER VIEW', 'CREATE MATERIALIZED VIEW', 'ALTER MATERIALIZED VIEW',
                'CREATE FUNCTION', 'ALTER FUNCTION', 'CREATE TRIGGER', 'CREATE TYPE',
                'ALTER TYPE', 'CREATE DOMAIN', 'ALTER DOMAIN', 'CREATE RULE', 'COMMENT'
            )
    ) then
        notify pgrst, 'reload schema';
    end if;
end;
$$;

/*
 * Tell PostgREST of what was dropped, unless it was temporary.
 */
create or replace function extensions.pgrst_drop_watch()
returns event_trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from pg_event_trigger_dropped_objects() as dropped
        where
            not dropped.is_temporary
            and dropped.object_type in (
                'schema', 'table', 'foreign table', 'view', 'materialized view', 'function',
                'trigger', 'type', 'rule'
            )
    ) then
        notify pgrst, 'reload schema';
    end if;
end;
$$;

do $$
begin
    if not (select pg_roles.rolsuper from pg_roles where pg_roles.rolname = current_user) then
        return;
    end if;
    if not exists (select 1 from pg_event_trigger where evtname = 'pgrst_ddl_watch') then
        create event trigger pgrst_ddl_watch on ddl_command_end
        execute function extensions.pgrst_ddl_watch();
    end if;
    if not exists (select 1 from pg_event_trigger where evtname = 'pgrst_drop_watch') then
        create event trigger pgrst_drop_watch on sql_drop
        execute function extensions.pgrst_drop_watch();
    end if;
end;
$$;
