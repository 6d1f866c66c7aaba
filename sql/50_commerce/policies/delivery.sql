-- Everyone reads the active delivery options of a business that they can see; members read all of
-- theirs, and managers write them.

alter table commerce.delivery_options enable row level security;

grant select on table commerce.delivery_options to anon;
grant select, delete on table commerce.delivery_options to authenticated;
grant insert (
    id, business_id, name, kind, store_id, regions, postal_prefixes, min_weight_grams,
    max_weight_grams, min_amount_minor, max_amount_minor, currency, price_minor, free_from_minor,
    tax_class, can_split, position, is_active
) on table commerce.delivery_options to authenticated;
grant update (
    id, business_id, name, kind, store_id, regions, postal_prefixes, min_weight_grams,
    max_weight_grams, min_amount_minor, max_amount_minor, currency, price_minor, free_from_minor,
    tax_class, can_split, position, is_active
) on table commerce.delivery_options to authenticated;
grant select, insert, update, delete on table commerce.delivery_options to service_role;

create policy delivery_options_select_public
on commerce.delivery_options
for select
to anon
using (
    is_active
    and exists (
        select 1
        from business.businesses
        where businesses.id = delivery_options.business_id
    )
);

create policy delivery_options_select
on commerce.delivery_options
for select
to authenticated
using (
    is_active
    and exists (
        select 1
        from business.businesses
        where businesses.id = delivery_options.business_id
    )
    or business_id in (select private.my_businesses('view'))
);

create policy delivery_options_insert
on commerce.delivery_options
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy delivery_options_update
on commerce.delivery_options
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy delivery_options_delete
on commerce.delivery_options
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));
