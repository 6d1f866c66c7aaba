-- The life of a booking. The system may take every step.
insert into scheduling.booking_transitions (from_status, to_status, actors, guard, due)
values
('held', 'pending_payment', '{customer,business}', null, null),
('held', 'pending', '{customer,business}', null, null),
('held', 'confirmed', '{customer,business}', null, null),
('held', 'cancelled', '{customer,business}', null, null),
('held', 'expired', '{}', null, 'hold_expires_at'),
('pending_payment', 'pending', '{customer,business}', 'paid', null),
('pending_payment', 'confirmed', '{customer,business}', 'paid', null),
('pending_payment', 'cancelled', '{customer,business}', null, null),
('pending_payment', 'expired', '{}', null, 'hold_expires_at'),
-- A payment may come after the time has run out.
('expired', 'pending', '{customer,business}', 'paid', null),
('expired', 'confirmed', '{customer,business}', 'paid', null),
('pending', 'confirmed', '{business}', null, null),
('pending', 'rejected', '{business}', null, null),
('pending', 'cancelled', '{customer,business}', null, null),
('pending', 'expired', '{}', null, 'starts_at'),
('confirmed', 'pending', '{customer}', null, null),
('confirmed', 'checked_in', '{business}', 'check_in_open', null),
('confirmed', 'completed', '{business}', 'after_start', null),
('confirmed', 'cancelled', '{customer,business}', null, null),
('confirmed', 'no_show', '{business}', 'after_start', null),
('checked_in', 'completed', '{business}', 'after_start', null),
('checked_in', 'no_show', '{business}', 'after_start', null),
('no_show', 'checked_in', '{business}', null, null),
('no_show', 'completed', '{business}', null, null)
on conflict (from_status, to_status) do update
    set actors = excluded.actors, guard = excluded.guard, due = excluded.due;

-- What people are told of a booking, by which functions.
insert into private.subjects (
    name, description, id_key, data_function, readers_function, holds_function, claim_function
)
values (
    'booking', 'A booking of a customer with a business', 'booking_id', 'scheduling.booking_data',
    'scheduling.booking_readers', 'scheduling.booking_holds', 'scheduling.claim_booking_messages'
)
on conflict (name) do update set
    description = excluded.description,
    id_key = excluded.id_key,
    data_function = excluded.data_function,
    readers_function = excluded.readers_function,
    holds_function = excluded.holds_function,
    claim_function = excluded.claim_function;
