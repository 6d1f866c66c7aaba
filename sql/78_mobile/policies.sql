-- Nobody reads or writes the log of changes: triggers write it, and mobile.changes_after returns
-- the caller's own part. Everybody reads which apps work; admins of the platform write it.

alter table mobile.changes enable row level security;
alter table mobile.changes_else enable row level security;
alter table mobile.horizon enable row level security;
alter table mobile.app_releases enable row level security;

grant usage on schema mobile to anon, authenticated, service_role, worker;
grant execute on function
mobile.is_version(text),
mobile.version_numbers(text),
mobile.are_links(jsonb)
to anon, authenticated, service_role;
grant execute on function
mobile.synced_catalog(),
mobile.synced_purchases(),
mobile.synced_talks(),
mobile.synced(),
mobile.caller_scopes(text[]),
mobile.audience(text),
mobile.views(text),
mobile.condition(text, text),
mobile.version(text),
mobile.read_rows(text, text, uuid[], uuid, integer),
mobile.changes_after(text[], xid8, text, uuid, integer),
mobile.forgotten_until(),
mobile.new_state(),
mobile.read_state(text),
mobile.with_scopes(jsonb, jsonb),
mobile.read_in_full(jsonb, integer),
mobile.read_changed(text[], text[], uuid[]),
mobile.read_log(jsonb, integer),
mobile.require_columns(text, jsonb, text),
mobile.shown_row(text, uuid),
mobile.push_new(text, uuid, jsonb),
mobile.push_update(text, uuid, jsonb, text),
mobile.push_delete(text, uuid, text),
mobile.unwritten(text, uuid, jsonb, text)
to authenticated, service_role;
grant execute on function
mobile.keep_months()
to worker;

grant select on mobile.app_releases to anon, authenticated;
grant insert (
    platform, least_version, latest_version, is_stopped, message, store_url, links
) on mobile.app_releases to authenticated;
grant update (
    platform, least_version, latest_version, is_stopped, message, store_url, links
) on mobile.app_releases to authenticated;
grant delete on mobile.app_releases to authenticated;
grant select, insert, update, delete on mobile.app_releases to service_role;

create policy app_releases_select
on mobile.app_releases
for select
to anon, authenticated
using (true);

create policy app_releases_insert
on mobile.app_releases
for insert
to authenticated
with check ((select private.is_platform_staff('admin')));

create policy app_releases_update
on mobile.app_releases
for update
to authenticated
using ((select private.is_platform_staff('admin')))
with check ((select private.is_platform_staff('admin')));

create policy app_releases_delete
on mobile.app_releases
for delete
to authenticated
using ((select private.is_platform_staff('admin')));
