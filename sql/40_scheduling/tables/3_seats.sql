-- Seats of a session. That no seat is taken twice, and none that is not there, are constraints: a
-- seat carries the capacity of its session, which changes with it.

create table scheduling.seats (
    business_id uuid not null,
    booking_id uuid not null,
    booking_item_id uuid not null,
    session_id uuid not null,
    -- 1 to the capacity of the session.
    number integer not null,
    capacity integer not null,
    is_blocking boolean not null,
    -- A hold keeps its seats until this moment, whether or not anything has run since.
    expires_at timestamptz,

    constraint seats_pkey primary key (business_id, booking_id, booking_item_id, number),
    constraint seats_booking_item_fkey foreign key (business_id, booking_id, booking_item_id)
    references scheduling.booking_items (business_id, booking_id, id) on delete cascade,
    constraint seats_session_fkey foreign key (business_id, session_id, capacity)
    references scheduling.sessions (business_id, id, capacity) on update cascade on delete restrict,
    constraint seats_number_is_positive check (number >= 1),
    constraint seats_exist check (number <= capacity or not is_blocking),
    constraint seats_taken_once exclude using btree (session_id with =, number with =)
    where (is_blocking)
);
comment on table scheduling.seats is 'The seats that a booking takes in a session of a class.';
create index seats_session_idx on scheduling.seats (business_id, session_id, capacity);
