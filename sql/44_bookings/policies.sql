-- Who may read the history, the notes and the transitions of bookings: the customer and the
-- members of the business the history, members alone the notes, everybody the transitions.
-- Functions write them.

alter table scheduling.booking_history enable row level security;
alter table scheduling.booking_notes enable row level security;
alter table scheduling.booking_transitions enable row level security;
-- scheduled_transitions has no policy: the worker takes its steps through a function.
alter table scheduling.scheduled_transitions enable row level security;
-- holds has no policy: only functions read where somebody held from.
alter table scheduling.holds enable row level security;

grant select on
scheduling.booking_history,
scheduling.booking_notes
to authenticated;
grant insert (id, business_id, booking_id, body), delete
on scheduling.booking_notes to authenticated;
grant select on scheduling.booking_transitions to anon, authenticated;

grant select, insert, update, delete on
scheduling.booking_history,
scheduling.booking_notes,
scheduling.booking_transitions,
scheduling.scheduled_transitions,
scheduling.holds
to service_role;

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

-- Whom a customer prefers is theirs to know: not the business's, not the platform's.

alter table scheduling.preferred_resources enable row level security;

grant select on scheduling.preferred_resources to authenticated;
grant select, insert, update, delete on scheduling.preferred_resources to service_role;

create policy preferred_resources_select
on scheduling.preferred_resources
for select
to authenticated
using (customer_id = (select auth.uid()));

alter table scheduling.preferred_services enable row level security;

grant select on scheduling.preferred_services to authenticated;
grant select, insert, update, delete on scheduling.preferred_services to service_role;

create policy preferred_services_select
on scheduling.preferred_services
for select
to authenticated
using (customer_id = (select auth.uid()));

-- What members wrote down is for them, and for the customer whom it is about.

alter table scheduling.customer_preferences enable row level security;

grant select on scheduling.customer_preferences to authenticated;
grant select, insert, update, delete on scheduling.customer_preferences to service_role;

create policy customer_preferences_select
on scheduling.customer_preferences
for select
to authenticated
using (
    customer_id = any(array(select customers.mine()))
    or business_id = any(array(select private.my_businesses('serve')))
);
-- Arrivals have no policy: only functions read them.

alter table scheduling.arrivals enable row level security;

grant select, insert, update, delete on scheduling.arrivals to service_role;

-- What public functions call. Each of them checks its caller; none is reachable over HTTP.
grant execute on function
scheduling.list_my_businesses(),
scheduling.slots(scheduling.leg, tstzmultirange),
scheduling.days(scheduling.leg, date, date),
scheduling.visible_booking(uuid),
scheduling.change_status_as(text, scheduling.booking_status, scheduling.actor_kind[], text),
scheduling.book_once(
    text, scheduling.selection[], pricing.context, text, boolean, text
),
scheduling.place_booking(scheduling.selection[], pricing.context, text, boolean),
scheduling.book_for_once(
    scheduling.selection, identity.profiles, text, scheduling.start_rule[], text
),
scheduling.place_booking_by_member(
    scheduling.selection, identity.profiles, text, scheduling.start_rule[]
),
scheduling.change_status(uuid, scheduling.booking_status, scheduling.actor_kind[], text, boolean),
scheduling.cancel_booking_item(uuid, uuid, scheduling.actor_kind[], text),
scheduling.cancellation_quote(uuid, timestamptz),
scheduling.move_booking(
    uuid, timestamptz, uuid, scheduling.actor_kind[], text, uuid, boolean, boolean, bigint
),
scheduling.reschedule_quote(uuid, timestamptz, uuid),
scheduling.class_of(uuid),
scheduling.to_dates(text, text),
scheduling.to_weekdays(text),
scheduling.session_starts(catalog.services, daterange, integer[], time, time, integer),
scheduling.create_sessions(catalog.services, timestamptz[], uuid, integer),
scheduling.announce_arrival(uuid),
scheduling.set_preferred_resource(uuid, uuid),
scheduling.set_preferred_service(uuid, uuid)
to anon, authenticated, service_role;

grant execute on function
scheduling.apply_due_transitions(integer),
scheduling.forget_ended_holds()
to worker;
