-- Series are read like their bookings; only functions write them.

alter table scheduling.booking_series enable row level security;
grant select on scheduling.booking_series to authenticated;
grant select, insert, update, delete on scheduling.booking_series to service_role;

create policy booking_series_select
on scheduling.booking_series
for select
to authenticated
using (
    customer_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
);
