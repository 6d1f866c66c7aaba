-- People read their own requests, members with `manage` those of their business, admins all. An
-- export is fetched by whoever asked for it, until it expires (files.downloads). Everything is
-- written by functions.

grant usage on schema privacy to anon, authenticated, service_role, worker;

alter table privacy.settings enable row level security;
alter table privacy.requests enable row level security;
alter table privacy.retention_rules enable row level security;

grant select, update on privacy.settings to service_role;
grant select on table privacy.requests to authenticated, service_role;
grant select on table privacy.retention_rules to authenticated, service_role;
grant update (keep, action, reason) on table privacy.retention_rules to service_role;

create policy requests_select
on privacy.requests
for select
to authenticated
using (
    user_id = (select auth.uid())
    or requested_by = (select auth.uid())
    or business_id = any(array(select private.my_businesses('manage')))
    or (select private.is_platform_staff('admin'))
);

create policy retention_rules_select
on privacy.retention_rules
for select
to authenticated
using (true);

grant execute on function
privacy.make_request(privacy.request_kind, uuid, uuid, text),
privacy.cancel_request(uuid)
to anon, authenticated, service_role;

grant execute on function
privacy.start_export(uuid),
privacy.finish_export(uuid, text),
privacy.run_erasure(uuid),
privacy.files_to_delete(integer),
privacy.finish_erasures(),
privacy.due_requests(),
privacy.apply_retention(integer)
to worker;
