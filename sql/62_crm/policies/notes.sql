-- Members who serve customers tag them. Their role decides which notes they read and write; owners
-- decide which role that is. Customers, other businesses and the platform read none of it.

alter table crm.customer_notes enable row level security;
alter table crm.note_permissions enable row level security;
alter table crm.customer_tags enable row level security;

grant
select,
insert (id, business_id, customer_id, kind, body),
update (kind, body),
delete
on crm.customer_notes to authenticated;
grant select, insert (business_id, customer_id, tag), delete on crm.customer_tags to authenticated;
grant
select,
insert (business_id, kind, read_permission, write_permission),
update (read_permission, write_permission),
delete
on crm.note_permissions to authenticated;
grant select, insert, update, delete
on crm.customer_notes, crm.note_permissions, crm.customer_tags
to service_role;

create policy customer_notes_select
on crm.customer_notes
for select
to authenticated
using (
    row(business_id, kind)::crm.note_scope = any(array(select crm.note_kinds('read')))
);

create policy customer_notes_insert
on crm.customer_notes
for insert
to authenticated
with check (
    row(business_id, kind)::crm.note_scope = any(array(select crm.note_kinds('write')))
);

-- Members change what they wrote; managers also what others wrote.
create policy customer_notes_update
on crm.customer_notes
for update
to authenticated
using (
    row(business_id, kind)::crm.note_scope = any(array(select crm.note_kinds('write')))
    and (
        author_id = (select auth.uid())
        or business_id = any(array(select private.my_businesses('manage')))
    )
)
with check (
    row(business_id, kind)::crm.note_scope = any(array(select crm.note_kinds('write')))
);

create policy customer_notes_delete
on crm.customer_notes
for delete
to authenticated
using (
    row(business_id, kind)::crm.note_scope = any(array(select crm.note_kinds('write')))
    and (
        author_id = (select auth.uid())
        or business_id = any(array(select private.my_businesses('manage')))
    )
);

create policy customer_tags_select
on crm.customer_tags
for select
to authenticated
using (business_id in (select private.my_businesses('serve')));

create policy customer_tags_insert
on crm.customer_tags
for insert
to authenticated
with check (business_id in (select private.my_businesses('serve')));

create policy customer_tags_delete
on crm.customer_tags
for delete
to authenticated
using (business_id in (select private.my_businesses('serve')));

create policy note_permissions_select
on crm.note_permissions
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

create policy note_permissions_insert
on crm.note_permissions
for insert
to authenticated
with check (business_id in (select private.my_businesses('own')));

create policy note_permissions_update
on crm.note_permissions
for update
to authenticated
using (business_id in (select private.my_businesses('own')))
with check (business_id in (select private.my_businesses('own')));

create policy note_permissions_delete
on crm.note_permissions
for delete
to authenticated
using (business_id in (select private.my_businesses('own')));

grant execute on function
crm.note_kinds(text),
crm.require_customer(uuid, text),
crm.to_event_kinds(text),
crm.visible_customer(uuid),
crm.figures(uuid),
crm.add_customer(uuid, text, text, text),
crm.update_customer(uuid, text, text, text),
crm.delete_customer(uuid),
crm.import_customers(uuid, jsonb),
crm.set_preferences(uuid, uuid, uuid),
crm.preferred_selection(uuid, uuid),
crm.timeline(uuid, text[], timestamptz, uuid, integer)
to anon, authenticated, service_role;
