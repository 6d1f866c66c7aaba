-- The publication that Supabase Realtime listens to. It is empty: a table is added by the domain that
-- wants its changes followed.

do $$
begin
    if not exists (select 1 from pg_publication where pubname = 'supabase_realtime') then
        create publication supabase_realtime;
    end if;
end;
$$;
