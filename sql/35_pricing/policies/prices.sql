-- Who may read and write prices. Members of a business read what makes its prices; owners and
-- managers write it. Buyers read none of it: a quote says what they pay. Counters, shares of the
-- platform and uses are nobody's to write: functions do.

alter table pricing.price_lists enable row level security;
grant select, delete on pricing.price_lists to authenticated;
grant insert (
    id, business_id, name, currency, priority, customer_group_id, access, store_id, region,
    starts_at, ends_at, is_active
) on pricing.price_lists to authenticated;
grant update (
    id, business_id, name, currency, priority, customer_group_id, access, store_id, region,
    starts_at, ends_at, is_active
) on pricing.price_lists to authenticated;
grant select, insert, update, delete on pricing.price_lists to service_role;

create policy price_lists_select
on pricing.price_lists
for select
to authenticated
using (business_id in (select private.seen_businesses()));

create policy price_lists_insert
on pricing.price_lists
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy price_lists_update
on pricing.price_lists
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy price_lists_delete
on pricing.price_lists
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

alter table pricing.price_list_items enable row level security;
grant select, delete on pricing.price_list_items to authenticated;
grant insert (
    id, business_id, price_list_id, service_id, addon_id, variant_id, min_quantity, unit_minor
) on pricing.price_list_items to authenticated;
grant update (
    id, business_id, service_id, addon_id, variant_id, min_quantity, unit_minor
) on pricing.price_list_items to authenticated;
grant select, insert, update, delete on pricing.price_list_items to service_role;

create policy price_list_items_select
on pricing.price_list_items
for select
to authenticated
using (business_id in (select private.seen_businesses()));

create policy price_list_items_insert
on pricing.price_list_items
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy price_list_items_update
on pricing.price_list_items
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy price_list_items_delete
on pricing.price_list_items
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

alter table pricing.price_rules enable row level security;
grant select, delete on pricing.price_rules to authenticated;
grant insert (
    id, business_id, name, is_active, priority, is_final, change_bps, change_minor,
    unit_minor, currency, service_id, min_quantity, max_quantity, starts_at, ends_at,
    weekdays, from_time, until_time, from_on, until_on, min_lead_minutes, max_lead_minutes,
    min_demand_bps, max_demand_bps, staff_level, customer_group_id, access, store_id, region
) on pricing.price_rules to authenticated;
grant update (
    id, business_id, name, is_active, priority, is_final, change_bps, change_minor,
    unit_minor, currency, service_id, min_quantity, max_quantity, starts_at, ends_at,
    weekdays, from_time, until_time, from_on, until_on, min_lead_minutes, max_lead_minutes,
    min_demand_bps, max_demand_bps, staff_level, customer_group_id, access, store_id, region
) on pricing.price_rules to authenticated;
grant select, insert, update, delete on pricing.price_rules to service_role;

create policy price_rules_select
on pricing.price_rules
for select
to authenticated
using (business_id in (select private.seen_businesses()));

create policy price_rules_insert
on pricing.price_rules
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy price_rules_update
on pricing.price_rules
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy price_rules_delete
on pricing.price_rules
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

alter table pricing.price_history enable row level security;
grant select on pricing.price_history to anon, authenticated;
grant select, insert, update, delete on pricing.price_history to service_role;

-- The prices of the catalog are as public as the service; those of lists are not.
create policy price_history_select_public
on pricing.price_history
for select
to anon
using (
    price_list_id is null
    and (
        exists (
            select 1
            from catalog.services
            where
                services.business_id = price_history.business_id
                and services.id = price_history.service_id
        )
        or exists (
            select 1
            from catalog.product_variants
            where
                product_variants.business_id = price_history.business_id
                and product_variants.id = price_history.variant_id
        )
    )
);

create policy price_history_select
on pricing.price_history
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or price_list_id is null
    and (
        exists (
            select 1
            from catalog.services
            where
                services.business_id = price_history.business_id
                and services.id = price_history.service_id
        )
        or exists (
            select 1
            from catalog.product_variants
            where
                product_variants.business_id = price_history.business_id
                and product_variants.id = price_history.variant_id
        )
    )
);

-- Upper domains write how much of a day is taken; clients neither read nor write it.
alter table pricing.day_demands enable row level security;
grant select, insert, update, delete on pricing.day_demands to service_role;
