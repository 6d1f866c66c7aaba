-- Who may read and write products. Everyone reads the published products of a business that is
-- open to the public; members read their own in any state; owners and managers write them. What
-- belongs to a product is read like the product; only members read a variant that is switched off.

alter table catalog.product_categories enable row level security;
alter table catalog.brands enable row level security;
alter table catalog.products enable row level security;
alter table catalog.product_options enable row level security;
alter table catalog.product_variants enable row level security;

grant select on table catalog.product_categories to anon;
grant select, delete on table catalog.product_categories to authenticated;
grant insert (id, business_id, parent_id, name, slug, position)
on table catalog.product_categories to authenticated;
grant update (id, business_id, parent_id, name, slug, position)
on table catalog.product_categories to authenticated;
grant select, insert, update, delete on table catalog.product_categories to service_role;

create policy product_categories_select
on catalog.product_categories
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = product_categories.business_id
    )
);

create policy product_categories_insert
on catalog.product_categories
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy product_categories_update
on catalog.product_categories
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy product_categories_delete
on catalog.product_categories
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on table catalog.brands to anon;
grant select, delete on table catalog.brands to authenticated;
grant insert (id, business_id, name, slug, description)
on table catalog.brands to authenticated;
grant update (id, business_id, name, slug, description)
on table catalog.brands to authenticated;
grant select, insert, update, delete on table catalog.brands to service_role;

create policy brands_select
on catalog.brands
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = brands.business_id
    )
);

create policy brands_insert
on catalog.brands
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy brands_update
on catalog.brands
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy brands_delete
on catalog.brands
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on table catalog.products to anon;
grant select, delete on table catalog.products to authenticated;
grant insert (
    id, business_id, category_id, brand_id, name, slug, description, currency, tax_class,
    position, is_published, archived_at, attributes, access
) on table catalog.products to authenticated;
grant update (
    id, business_id, category_id, brand_id, name, slug, description, currency, tax_class,
    position, is_published, archived_at, attributes, access
) on table catalog.products to authenticated;
grant select, insert, update, delete on table catalog.products to service_role;

create policy products_select_public
on catalog.products
for select
to anon
using (
    is_published
    and archived_at is null
    and access is null
    and exists (
        select 1
        from business.businesses
        where businesses.id = products.business_id
    )
);

create policy products_select
on catalog.products
for select
to authenticated
using (
    is_published
    and archived_at is null
    and (access is null or (select customers.is_entitled(business_id, access)))
    and exists (
        select 1
        from business.businesses
        where businesses.id = products.business_id
    )
    or business_id in (select private.my_businesses('view'))
);

create policy products_insert
on catalog.products
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy products_update
on catalog.products
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy products_delete
on catalog.products
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on table catalog.product_options to anon;
grant select, delete on table catalog.product_options to authenticated;
grant insert (id, business_id, product_id, name, allowed_values, position)
on table catalog.product_options to authenticated;
grant update (id, business_id, name, allowed_values, position)
on table catalog.product_options to authenticated;
grant select, insert, update, delete on table catalog.product_options to service_role;

create policy product_options_select
on catalog.product_options
for select
to anon, authenticated
using (
    exists (
        select 1
        from catalog.products
        where
            products.business_id = product_options.business_id
            and products.id = product_options.product_id
    )
);

create policy product_options_insert
on catalog.product_options
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy product_options_update
on catalog.product_options
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy product_options_delete
on catalog.product_options
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on table catalog.product_variants to anon;
grant select, delete on table catalog.product_variants to authenticated;
grant insert (
    id, business_id, product_id, sku, options, price_minor, barcode, weight_grams, position,
    is_active
) on table catalog.product_variants to authenticated;
grant update (
    id, business_id, sku, options, price_minor, barcode, weight_grams, position, is_active
) on table catalog.product_variants to authenticated;
grant select, insert, update, delete on table catalog.product_variants to service_role;

create policy product_variants_select_public
on catalog.product_variants
for select
to anon
using (
    is_active
    and exists (
        select 1
        from catalog.products
        where
            products.business_id = product_variants.business_id
            and products.id = product_variants.product_id
    )
);

create policy product_variants_select
on catalog.product_variants
for select
to authenticated
using (
    is_active
    and exists (
        select 1
        from catalog.products
        where
            products.business_id = product_variants.business_id
            and products.id = product_variants.product_id
    )
    or business_id in (select private.my_businesses('view'))
);

create policy product_variants_insert
on catalog.product_variants
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy product_variants_update
on catalog.product_variants
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy product_variants_delete
on catalog.product_variants
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- Everyone calls products_in_category; managers write options.
grant execute on function catalog.category_tree(uuid) to anon, authenticated, service_role;
grant execute on function catalog.are_option_values(text[]) to authenticated, service_role;
