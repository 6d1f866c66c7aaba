-- Sessions are read like the class that they belong to. Owners and managers change their capacity
-- and delete them; functions create them. Seats are read like their booking; only functions write
-- them.

alter table scheduling.sessions enable row level security;
alter table scheduling.seats enable row level security;

grant select on table scheduling.sessions to anon;
grant select, delete on table scheduling.sessions to authenticated;
grant update (id, business_id, capacity) on table scheduling.sessions to authenticated;
grant select, insert, update, delete on table scheduling.sessions to service_role;
grant select on table scheduling.seats to authenticated;
grant select, insert, update, delete on table scheduling.seats to service_role;

create policy sessions_select
on scheduling.sessions
for select
to anon, authenticated
using (
    exists (
        select 1
        from catalog.services
        where
            services.business_id = sessions.business_id
            and services.id = sessions.service_id
    )
);

create policy sessions_update
on scheduling.sessions
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy sessions_delete
on scheduling.sessions
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

create policy seats_select
on scheduling.seats
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or booking_id = any(array(select private.my_bookings()))
);
grant execute on function scheduling.free_seats(uuid, uuid, integer)
to anon, authenticated, service_role;
