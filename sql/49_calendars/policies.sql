-- Who may use calendars. People see and delete their own feeds and those of a business that they
-- manage. Functions make all changes. The edge reads a feed by its token; workers read imported
-- calendars.

alter table scheduling.calendar_feeds enable row level security;
-- The hash of the token is not granted.
grant select (id, user_id, business_id, resource_id, created_at, rotated_at)
on scheduling.calendar_feeds to authenticated;
-- No write is granted: create_calendar_feed, rotate_calendar_feed and delete_calendar_feed write.
grant select, insert, update, delete on scheduling.calendar_feeds to service_role;

create policy calendar_feeds_select
on scheduling.calendar_feeds
for select
to authenticated
using (
    user_id = (select auth.uid())
    or business_id = any(array(select private.my_businesses('manage')))
);

grant usage on schema scheduling to edge;
grant execute on function
catalog.request_due_imports(),
catalog.start_import(uuid),
catalog.finish_import(uuid, jsonb),
catalog.fail_import(uuid, integer, text)
to worker;
grant execute on function
catalog.import_calendar(uuid, uuid, text, text),
catalog.refresh_calendar(uuid),
catalog.delete_calendar_import(uuid)
to anon, authenticated, service_role;
grant execute on function scheduling.calendar_feed(text)
to edge;
grant execute on function
scheduling.create_calendar_feed(uuid, uuid, text),
scheduling.rotate_calendar_feed(uuid, text),
scheduling.delete_calendar_feed(uuid)
to anon, authenticated, service_role;
