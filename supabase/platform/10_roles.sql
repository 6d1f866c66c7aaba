-- The roles that every Supabase project has. PostgREST logs in as `authenticator` and becomes `anon`,
-- `authenticated` or `service_role`, as the token says; the two admins own the schemas of their services.
-- Nobody has a password until `up` gives one. The time limits are Supabase's: one slow request of a
-- stranger must not hold a connection for long.

do $$
declare
    v_role text;
begin
    foreach v_role in array array['anon', 'authenticated', 'service_role', 'dashboard_user'] loop
        if not exists (select 1 from pg_roles where rolname = v_role) then
            execute format('create role %I nologin', v_role);
        end if;
    end loop;
    foreach v_role in array array['supabase_auth_admin', 'supabase_storage_admin', 'authenticator'] loop
        if not exists (select 1 from pg_roles where rolname = v_role) then
            execute format('create role %I login noinherit', v_role);
        end if;
    end loop;
end;
$$;

alter role service_role bypassrls;
alter role supabase_auth_admin createrole;
grant anon, authenticated, service_role to authenticator;

alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';
alter role supabase_auth_admin set search_path = 'auth';
alter role supabase_storage_admin set search_path = 'storage';

-- PostgreSQL lets PUBLIC call every new function; not those of this folder, at whose end it may again. Said
-- without a schema, because the form with one has no effect.
alter default privileges revoke execute on functions from public;

create schema if not exists extensions;
grant usage on schema extensions to anon, authenticated, service_role;
grant usage on schema public to anon, authenticated, service_role;
revoke create on schema public from public;

-- Supabase gives its three roles everything that is made in schema public. The schema takes it back before
-- its first view, and grants what it means; without this the difference would only show there.
alter default privileges in schema public
grant all on tables to anon, authenticated, service_role;
alter default privileges in schema public
grant all on functions to anon, authenticated, service_role;
alter default privileges in schema public
grant all on sequences to anon, authenticated, service_role;
