-- Everyone reads shared products that are active; the platform's administrators write them. A
-- listing is read like its variant; owners and managers list their own.

alter table catalog.shared_products enable row level security;
grant select on table catalog.shared_products to anon;
grant select, delete on table catalog.shared_products to authenticated;
grant insert (id, name, brand, description, barcode, is_active)
on table catalog.shared_products to authenticated;
grant update (id, name, brand, description, barcode, is_active)
on table catalog.shared_products to authenticated;
grant select, insert, update, delete on table catalog.shared_products to service_role;

create policy shared_products_select_public
on catalog.shared_products
for select
to anon
using (is_active);

create policy shared_products_select
on catalog.shared_products
for select
to authenticated
using (is_active or (select private.is_platform_staff('admin')));

create policy shared_products_insert
on catalog.shared_products
for insert
to authenticated
with check ((select private.is_platform_staff('admin')));

create policy shared_products_update
on catalog.shared_products
for update
to authenticated
using ((select private.is_platform_staff('admin')))
with check ((select private.is_platform_staff('admin')));

create policy shared_products_delete
on catalog.shared_products
for delete
to authenticated
using ((select private.is_platform_staff('admin')));

alter table catalog.product_listings enable row level security;
grant select on table catalog.product_listings to anon;
grant select, delete on table catalog.product_listings to authenticated;
grant insert (id, business_id, variant_id, shared_product_id)
on table catalog.product_listings to authenticated;
grant select, insert, update, delete on table catalog.product_listings to service_role;

create policy product_listings_select
on catalog.product_listings
for select
to anon, authenticated
using (
    exists (
        select 1
        from catalog.product_variants
        where
            product_variants.business_id = product_listings.business_id
            and product_variants.id = product_listings.variant_id
    )
);

create policy product_listings_insert
on catalog.product_listings
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

-- No updates: a variant is a shared product or is not.
create policy product_listings_delete
on catalog.product_listings
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));
