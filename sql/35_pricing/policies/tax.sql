-- Who may read and write tax. Everybody reads rates and how a business taxes: both stand on every
-- receipt. Owners and managers write those of their business, and the tax numbers of it and of its
-- customers; a customer reads and writes their own number.

alter table pricing.tax_places enable row level security;
alter table pricing.tax_rules enable row level security;
alter table pricing.tax_settings enable row level security;
alter table pricing.tax_numbers enable row level security;

grant select on pricing.tax_places to anon, authenticated, service_role;
-- No writes: places come with the seed.

create policy tax_places_select
on pricing.tax_places
for select
to anon, authenticated
using (true);

grant select on pricing.tax_rules to anon;
grant select, delete on pricing.tax_rules to authenticated;
grant insert (
    id, business_id, country, region, tax_class, component, rate_bps, is_compound, position, reach,
    during
) on pricing.tax_rules to authenticated;
grant update (
    id, business_id, country, region, tax_class, component, rate_bps, is_compound, position, reach,
    during
) on pricing.tax_rules to authenticated;
grant select, insert, update, delete on pricing.tax_rules to service_role;

create policy tax_rules_select
on pricing.tax_rules
for select
to anon, authenticated
using (
    business_id is null
    or exists (
        select 1
        from business.businesses
        where businesses.id = tax_rules.business_id
    )
);

create policy tax_rules_insert
on pricing.tax_rules
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy tax_rules_update
on pricing.tax_rules
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy tax_rules_delete
on pricing.tax_rules
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on pricing.tax_settings to anon;
grant select, delete on pricing.tax_settings to authenticated;
grant insert (
    business_id, region, prices_include_tax, rounding_unit, rounding_mode, fees_are_taxed,
    gift_card_tax_class
) on pricing.tax_settings to authenticated;
grant update (
    business_id, region, prices_include_tax, rounding_unit, rounding_mode, fees_are_taxed,
    gift_card_tax_class
) on pricing.tax_settings to authenticated;
grant select, insert, update, delete on pricing.tax_settings to service_role;

create policy tax_settings_select
on pricing.tax_settings
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = tax_settings.business_id
    )
);

create policy tax_settings_insert
on pricing.tax_settings
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy tax_settings_update
on pricing.tax_settings
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy tax_settings_delete
on pricing.tax_settings
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select, delete on pricing.tax_numbers to authenticated;
-- status and checked_at are not granted: a worker verifies numbers.
grant insert (id, business_id, customer_id, country, number)
on pricing.tax_numbers to authenticated;
grant update (id, business_id, customer_id, country, number)
on pricing.tax_numbers to authenticated;
grant select, insert, update, delete on pricing.tax_numbers to service_role;

create policy tax_numbers_select
on pricing.tax_numbers
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('view')))
    or customer_id = any(array(select customers.mine()))
);

create policy tax_numbers_insert
on pricing.tax_numbers
for insert
to authenticated
with check (
    business_id = any(array(select private.my_businesses('manage')))
    or customer_id = any(array(select customers.mine()))
);

create policy tax_numbers_update
on pricing.tax_numbers
for update
to authenticated
using (
    business_id = any(array(select private.my_businesses('manage')))
    or customer_id = any(array(select customers.mine()))
)
with check (
    business_id = any(array(select private.my_businesses('manage')))
    or customer_id = any(array(select customers.mine()))
);

create policy tax_numbers_delete
on pricing.tax_numbers
for delete
to authenticated
using (
    business_id = any(array(select private.my_businesses('manage')))
    or customer_id = any(array(select customers.mine()))
);

grant execute on function
pricing.tax_basis(uuid),
pricing.tax_rates(pricing.tax_basis, text, date, pricing.tax_reach),
pricing.is_reverse_charged(pricing.tax_basis, uuid, text),
pricing.includes_tax(text, boolean),
pricing.tax_class_of(text, text, text, text),
pricing.reach_of(text, text, text),
pricing.taxable_lines(jsonb, pricing.tax_basis, pricing.context),
pricing.make_taxable(integer, bigint, boolean, pricing.tax_rate[]),
pricing.make_rate(text, numeric, boolean, text),
pricing.tax_fractions(pricing.tax_rate[]),
pricing.round_tax(numeric, pricing.rounding_mode),
pricing.exact_taxes(pricing.taxable[], pricing.rounding_unit),
pricing.taxes_due(pricing.taxable[], pricing.rounding_unit, pricing.rounding_mode),
pricing.tax_shares(pricing.taxable[], pricing.rounding_unit, pricing.rounding_mode),
pricing.document_taxes(pricing.taxable[], pricing.rounding_unit, pricing.rounding_mode),
pricing.tax_rows(pricing.tax_part[]),
pricing.put_taxes(jsonb, pricing.tax_basis, pricing.tax_part[]),
pricing.put_line_taxes(jsonb, boolean, pricing.tax_part[]),
pricing.is_like_tax_number(text, text)
to anon, authenticated, service_role;

grant usage on schema pricing to worker;
grant execute on function
pricing.tax_number_to_check(uuid),
pricing.record_tax_number_check(uuid, text, boolean)
to worker;
