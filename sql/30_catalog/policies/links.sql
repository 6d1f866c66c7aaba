-- Members of the business read private links, and never the hash. Functions write them.

alter table catalog.private_links enable row level security;

grant select (
    id, business_id, service_id, label, expires_at, max_uses, revoked_at, created_by, created_at
) on table catalog.private_links to authenticated;
grant select, insert, update, delete on table catalog.private_links to service_role;

create policy private_links_select
on catalog.private_links
for select
to authenticated
using (business_id in (select private.my_businesses('view')));
