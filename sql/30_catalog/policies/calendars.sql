-- Members see which calendars block a resource. Nobody sees what is in them: only when time is
-- busy.

alter table catalog.calendar_imports enable row level security;
-- No grant on the address and the file: either one is somebody's whole calendar.
grant select (
    id, business_id, resource_id, host, requested_at, fetched_at, skipped_count, last_error,
    failed_since, created_at, skipped
) on table catalog.calendar_imports to authenticated;
-- No writes: import_calendar, refresh_calendar and delete_calendar_import.
grant select, insert, update, delete on table catalog.calendar_imports to service_role;

create policy calendar_imports_select
on catalog.calendar_imports
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

grant usage on schema catalog to worker;
