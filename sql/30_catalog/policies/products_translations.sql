-- A translation is read by everyone who can see what it translates; owners and managers write it.

alter table catalog.product_translations enable row level security;
grant select on table catalog.product_translations to anon;
grant select, delete on table catalog.product_translations to authenticated;
grant insert (
    id, business_id, locale, product_id, category_id, attribute_id, option_id, name, description,
    value_names
) on table catalog.product_translations to authenticated;
grant update (
    id, business_id, locale, product_id, category_id, attribute_id, option_id, name, description,
    value_names
) on table catalog.product_translations to authenticated;
grant select, insert, update, delete on table catalog.product_translations to service_role;

create policy product_translations_select
on catalog.product_translations
for select
to anon, authenticated
using (
    case
        when product_id is not null
            then exists (
                select 1
                from catalog.products
                where
                    products.business_id = product_translations.business_id
                    and products.id = product_translations.product_id
            )
        when option_id is not null
            then exists (
                select 1
                from catalog.product_options
                where
                    product_options.business_id = product_translations.business_id
                    and product_options.id = product_translations.option_id
            )
        else exists (
            select 1
            from business.businesses
            where businesses.id = product_translations.business_id
        )
    end
);

create policy product_translations_insert
on catalog.product_translations
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy product_translations_update
on catalog.product_translations
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy product_translations_delete
on catalog.product_translations
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- product_page and list_products call them as the caller.
grant execute on function
catalog.best_translation(uuid, uuid, text[]),
catalog.options_for_reader(uuid, text[]),
catalog.attributes_for_reader(catalog.products, text[]),
catalog.category_for_reader(uuid, uuid, text[]),
catalog.variants_for_reader(uuid),
catalog.variant_label(uuid, uuid, text, text[])
to anon, authenticated, service_role;
