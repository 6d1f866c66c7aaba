-- Who may read and write the catalog of a business. Everyone reads the catalog of a business that
-- is open to the public; members read their own in any state; owners and managers write it. Rows
-- can be deleted while nothing refers to them; a service with bookings is archived instead. Updates
-- of id and business_id are granted because an upsert writes them; changing either is refused
-- (rules.sql of the foundation).

alter table catalog.service_categories enable row level security;
alter table catalog.services enable row level security;
alter table catalog.service_addons enable row level security;
alter table catalog.booking_limits enable row level security;
alter table catalog.resources enable row level security;
alter table catalog.service_resources enable row level security;
alter table catalog.working_hours enable row level security;
alter table catalog.schedule_exceptions enable row level security;
alter table catalog.blocked_periods enable row level security;

grant select on table catalog.service_categories to anon;
grant select, delete on table catalog.service_categories to authenticated;
grant insert (id, business_id, name, position)
on table catalog.service_categories to authenticated;
grant update (id, business_id, name, position)
on table catalog.service_categories to authenticated;
grant select, insert, update, delete on table catalog.service_categories to service_role;

create policy service_categories_select
on catalog.service_categories
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = service_categories.business_id
    )
);

create policy service_categories_insert
on catalog.service_categories
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy service_categories_update
on catalog.service_categories
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy service_categories_delete
on catalog.service_categories
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on table catalog.services to anon;
grant select, delete on table catalog.services to authenticated;
grant insert (
    id, business_id, category_id, cancellation_policy_id, name, description, duration_minutes,
    price_minor, currency, buffer_before_minutes, buffer_after_minutes, slot_interval_minutes,
    slot_offset_minutes, min_notice_minutes, max_advance_days, bookable_from, bookable_until,
    max_party_size, is_class, requires_confirmation, is_blocked_by_pending, hold_minutes,
    offer_minutes, position, is_active, archived_at, prefers_known_staff, visibility,
    check_in_minutes, anonymous_hold_minutes, tax_class, prepayment_bps, access
) on table catalog.services to authenticated;
grant update (
    id, business_id, category_id, cancellation_policy_id, name, description, duration_minutes,
    price_minor, currency, buffer_before_minutes, buffer_after_minutes, slot_interval_minutes,
    slot_offset_minutes, min_notice_minutes, max_advance_days, bookable_from, bookable_until,
    max_party_size, is_class, requires_confirmation, is_blocked_by_pending, hold_minutes,
    offer_minutes, position, is_active, archived_at, prefers_known_staff, visibility,
    check_in_minutes, anonymous_hold_minutes, tax_class, prepayment_bps, access
) on table catalog.services to authenticated;
grant select, insert, update, delete on table catalog.services to service_role;

-- Only members read what is archived, switched off or hidden: a customer's bookings keep its name.
-- What needs an entitlement is shown to customers who have it at this instant.
-- What belongs to a service is read like the service.
create policy services_select_public
on catalog.services
for select
to anon
using (
    is_active
    and archived_at is null
    and visibility = 'public'
    and access is null
    and exists (
        select 1
        from business.businesses
        where businesses.id = services.business_id
    )
);

create policy services_select
on catalog.services
for select
to authenticated
using (
    is_active
    and archived_at is null
    and visibility = 'public'
    and (access is null or (select customers.is_entitled(business_id, access)))
    and exists (
        select 1
        from business.businesses
        where businesses.id = services.business_id
    )
    or business_id in (select private.my_businesses('view'))
);

create policy services_insert
on catalog.services
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy services_update
on catalog.services
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy services_delete
on catalog.services
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on table catalog.service_addons to anon;
grant select, delete on table catalog.service_addons to authenticated;
grant insert (
    id, business_id, service_id, name, price_minor, duration_minutes, position, is_active
) on table catalog.service_addons to authenticated;
grant update (id, business_id, name, price_minor, duration_minutes, position, is_active)
on table catalog.service_addons to authenticated;
grant select, insert, update, delete on table catalog.service_addons to service_role;

create policy service_addons_select
on catalog.service_addons
for select
to anon, authenticated
using (
    exists (
        select 1
        from catalog.services
        where
            services.business_id = service_addons.business_id
            and services.id = service_addons.service_id
    )
);

create policy service_addons_insert
on catalog.service_addons
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy service_addons_update
on catalog.service_addons
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy service_addons_delete
on catalog.service_addons
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on table catalog.booking_limits to anon;
grant select, delete on table catalog.booking_limits to authenticated;
grant insert (
    id, business_id, service_id, period, max_bookings, max_minutes, resource_id, is_per_customer
) on table catalog.booking_limits to authenticated;
grant update (id, business_id, period, max_bookings, max_minutes)
on table catalog.booking_limits to authenticated;
grant select, insert, update, delete on table catalog.booking_limits to service_role;

-- A limit is read like what it limits: a service, or a resource or business, which show alike.
create policy booking_limits_select
on catalog.booking_limits
for select
to anon, authenticated
using (
    case
        when service_id is null
            then
                exists (
                    select 1
                    from business.businesses
                    where businesses.id = booking_limits.business_id
                )
        else exists (
            select 1
            from catalog.services
            where
                services.business_id = booking_limits.business_id
                and services.id = booking_limits.service_id
        )
    end
);

create policy booking_limits_insert
on catalog.booking_limits
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy booking_limits_update
on catalog.booking_limits
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy booking_limits_delete
on catalog.booking_limits
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));
