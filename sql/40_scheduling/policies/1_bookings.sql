-- Who may read bookings: the customer theirs, members those of their business, the platform's
-- staff all. Nobody writes: functions place, move and step bookings, so that nobody chooses a
-- price, a status or a time. `= any (array(select …))` and not `in (select …)`: beside an `or`
-- only the array can use an index; and no branch that is true or false for all rows, beside which
-- none can.

/*
 * The bookings of the signed-in customer.
 * Definer: what hangs on bookings asks this instead of bookings' own policy, once a statement.
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
grant execute on function private.my_bookings() to authenticated, service_role;

alter table scheduling.bookings enable row level security;
alter table scheduling.booking_items enable row level security;
alter table scheduling.allocations enable row level security;
alter table scheduling.booking_history enable row level security;
alter table scheduling.booking_notes enable row level security;
alter table scheduling.booking_transitions enable row level security;
alter table scheduling.scheduled_transitions enable row level security;

grant select on
scheduling.bookings,
scheduling.booking_items,
scheduling.allocations,
scheduling.booking_history,
scheduling.booking_notes
to authenticated;
grant insert (id, business_id, booking_id, body), delete
on scheduling.booking_notes to authenticated;
grant select on scheduling.booking_transitions to anon, authenticated;
grant select, insert, update, delete on
scheduling.bookings,
scheduling.booking_items,
scheduling.allocations,
scheduling.booking_history,
scheduling.booking_notes,
scheduling.booking_transitions,
scheduling.scheduled_transitions
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

create policy booking_history_select
on scheduling.booking_history
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or booking_id = any(array(select private.my_bookings()))
);

-- Notes are the business's own: not the customer's, not the platform's.
create policy booking_notes_select
on scheduling.booking_notes
for select
to authenticated
using (business_id in (select private.my_businesses('serve')));

create policy booking_notes_insert
on scheduling.booking_notes
for insert
to authenticated
with check (business_id in (select private.my_businesses('serve')));

create policy booking_notes_delete
on scheduling.booking_notes
for delete
to authenticated
using (business_id in (select private.my_businesses('serve')));

create policy booking_transitions_select
on scheduling.booking_transitions
for select
to anon, authenticated
using (true);

-- scheduled_transitions has no policy: the worker takes its steps through a function.

-- Analysts count bookings; who booked, and what they wrote, is not in the grant.
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

-- What public functions call. Each checks its caller; none is reachable over HTTP by itself.
grant execute on function
scheduling.place(scheduling.wish[], text, text, boolean),
scheduling.step(uuid, scheduling.booking_status, scheduling.actor_kind[], text),
scheduling.cancel_item(uuid, uuid, scheduling.actor_kind[], text),
scheduling.cancellation_quote(uuid, timestamptz),
scheduling.move(uuid, timestamptz, uuid, scheduling.actor_kind[], text, uuid),
scheduling.legs(scheduling.wish[]),
scheduling.visible_service(uuid, boolean),
scheduling.open_service(uuid),
scheduling.refuse_unseen(),
scheduling.bookable_service(uuid),
scheduling.offers(uuid, tstzmultirange, uuid, integer, integer, uuid),
scheduling.chosen_addons(uuid, uuid[])
to anon, authenticated, service_role;
grant execute on function scheduling.apply_due_transitions(integer) to worker;
