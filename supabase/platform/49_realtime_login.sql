-- The login of our own Realtime server. It reads and writes nothing itself: to ask whether somebody may
-- read a topic, or what they see of a changed row, it becomes that caller. On Supabase, whose Realtime is
-- their own, nobody logs in as this role.

do $$
begin
    -- supabase/roles.sql makes it too, after this; there is nobody to grant to before it exists.
    if not exists (select 1 from pg_roles where rolname = 'realtime') then
        create role realtime login noinherit;
    end if;
end;
$$;

grant anon, authenticated, service_role to realtime;
alter role realtime set statement_timeout = '8s';
alter role realtime set lock_timeout = '8s';
