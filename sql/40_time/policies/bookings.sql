-- Who may read bookings: customers theirs, members those of their business, platform staff all.
-- Nobody writes: functions create bookings, move them and change their status, so that nobody
-- chooses a price, a status or a time. The policies say `= any (array(select …))` and not `in
-- (select …)`: beside an `or` only the array can use an index. No branch is true or false for all
-- rows, because beside one no index can be used.

/*
 * Return the bookings of the signed-in customer.
 * Definer: policies of tables that refer to bookings call it instead of bookings' own policy, once
 * a statement.
 */
create function private.my_bookings()
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select bookings.id
    from scheduling.bookings
    where bookings.customer_id = auth.uid();
end;
$$;

alter table scheduling.bookings enable row level security;
alter table scheduling.booking_items enable row level security;
alter table scheduling.allocations enable row level security;
-- freed_times has no policy and no grant: only the functions of bookings announce there.
alter table scheduling.freed_times enable row level security;
alter table scheduling.waitlist_offers enable row level security;

grant select on
scheduling.bookings,
scheduling.booking_items,
scheduling.allocations,
scheduling.waitlist_offers
to authenticated;

grant select, insert, update, delete on
scheduling.bookings,
scheduling.booking_items,
scheduling.allocations,
scheduling.waitlist_offers
to service_role;

create policy bookings_select
on scheduling.bookings
for select
to authenticated
using (
    customer_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
);

create policy booking_items_select
on scheduling.booking_items
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or booking_id = any(array(select private.my_bookings()))
);

create policy allocations_select
on scheduling.allocations
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or booking_id = any(array(select private.my_bookings()))
);

create policy waitlist_offers_select
on scheduling.waitlist_offers
for select
to authenticated
using (
    customer_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
);

-- Analysts count bookings. The grant leaves out customers and what they wrote.
grant usage on schema scheduling to analyst;
grant select (
    id, business_id, status, starts_at, ends_at, time_zone, party_size, currency, total_minor,
    reschedule_count, created_at
) on scheduling.bookings to analyst;

create policy bookings_select_analyst
on scheduling.bookings
for select
to analyst
using (true);
grant execute on function private.my_bookings()
to authenticated, service_role;
