-- Everyone who can see a business reads its attributes; owners and managers write them.

alter table catalog.product_attributes enable row level security;
grant select on table catalog.product_attributes to anon;
grant select, delete on table catalog.product_attributes to authenticated;
grant insert (
    id, business_id, category_id, key, name, kind, unit, choices, is_required, position
) on table catalog.product_attributes to authenticated;
grant update (
    id, business_id, category_id, key, name, kind, unit, choices, is_required, position
) on table catalog.product_attributes to authenticated;
grant select, insert, update, delete on table catalog.product_attributes to service_role;

create policy product_attributes_select
on catalog.product_attributes
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = product_attributes.business_id
    )
);

create policy product_attributes_insert
on catalog.product_attributes
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy product_attributes_update
on catalog.product_attributes
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy product_attributes_delete
on catalog.product_attributes
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- category_attributes calls it as the caller.
grant execute on function catalog.attributes_in_category(uuid, uuid)
to anon, authenticated, service_role;
