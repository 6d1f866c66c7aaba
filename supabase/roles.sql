-- Frontdesk's own roles, beside those of Supabase: the logins of the edge, of its Realtime and Storage, and of the workers,
-- the role of people who read numbers, and that of programs with an API key. None has a password here; `up` gives every
-- state its own. What each may do is granted object by object in sql/. The Supabase CLI runs this file before the
-- migrations.

do $$
begin
    if not exists (select 1 from pg_roles where rolname = 'edge') then
        create role edge login noinherit;
    end if;
    if not exists (select 1 from pg_roles where rolname = 'realtime') then
        create role realtime login noinherit;
    end if;
    if not exists (select 1 from pg_roles where rolname = 'storage') then
        create role storage login noinherit;
    end if;
    if not exists (select 1 from pg_roles where rolname = 'worker') then
        create role worker login noinherit;
    end if;
    if not exists (select 1 from pg_roles where rolname = 'analyst') then
        create role analyst nologin;
    end if;
    if not exists (select 1 from pg_roles where rolname = 'api_key') then
        create role api_key nologin;
    end if;
end;
$$;

-- Analysts read, and a forgotten query ends by itself. Nobody logs in as this role: each analyst has a login of
-- their own that is a member of it (`frontdesk analysts create`).
alter role analyst nologin;
alter role analyst set default_transaction_read_only = on;
alter role analyst set statement_timeout = '60s';

-- Nothing runs for ever: the edge answers clients, as PostgREST does; what a worker does in one statement takes as
-- long as Supabase allows its own logins.
alter role edge set statement_timeout = '8s';
alter role worker set statement_timeout = '2min';

-- A program with an API key. It inherits what members may do, and restrictive policies leave of it what the key's scopes
-- name (sql/95_attach/policies.sql). PostgREST, Storage and Realtime become this role.
grant authenticated to api_key;
grant api_key to authenticator, storage, realtime;
alter role api_key set statement_timeout = '8s';
