-- Whoever sees a bundle sees what it contains; owners and managers write it.

alter table catalog.bundle_items enable row level security;
grant select on table catalog.bundle_items to anon;
grant select, delete on table catalog.bundle_items to authenticated;
grant insert (business_id, bundle_variant_id, variant_id, quantity)
on table catalog.bundle_items to authenticated;
grant update (business_id, bundle_variant_id, variant_id, quantity)
on table catalog.bundle_items to authenticated;
grant select, insert, update, delete on table catalog.bundle_items to service_role;

create policy bundle_items_select
on catalog.bundle_items
for select
to anon, authenticated
using (
    exists (
        select 1
        from catalog.product_variants
        where
            product_variants.business_id = bundle_items.business_id
            and product_variants.id = bundle_items.bundle_variant_id
    )
);

create policy bundle_items_insert
on catalog.bundle_items
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy bundle_items_update
on catalog.bundle_items
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy bundle_items_delete
on catalog.bundle_items
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant execute on function catalog.components(uuid, integer)
to anon, authenticated, service_role;
