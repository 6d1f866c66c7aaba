-- Codes that prove a guest's e-mail address. Rows also count the requests for codes; they are
-- deleted after a day.

create table scheduling.guest_codes (
    id bigint generated always as identity primary key,
    -- Null, like booking and order, when the address has none: the request counts all the same.
    business_id uuid,
    booking_id uuid,
    email text not null,
    -- The network address of the request, as the gateway says.
    ip inet,
    -- The hash of the code and of what it is for; null when none was sent.
    code_hash bytea,
    attempts integer not null default 0,
    expires_at timestamptz not null,
    used_at timestamptz,
    -- What it was used for, so that the same call again has the same answer.
    used_for jsonb,
    -- The transaction in which the right code was given: only there the guest counts as the
    -- customer of the booking or the order.
    proven_in xid8,
    created_at timestamptz not null,
    -- The order of goods. Its key is added by the domain of orders.
    order_id uuid,
    -- A long code behind a link. It shows something for weeks, and people do not type it.
    is_link boolean not null default false,

    constraint guest_codes_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade,
    constraint guest_codes_are_for_one_thing check (
        num_nulls(business_id, coalesce(booking_id, order_id), code_hash) in (0, 3)
        and num_nonnulls(booking_id, order_id) < 2
    ),
    constraint guest_codes_attempts_are_few check (attempts between 0 and 5)
);
comment on table scheduling.guest_codes is
'Codes mailed to guests: five attempts, once, for as long as a hold or a quarter of an hour.';
comment on column scheduling.guest_codes.booking_id is '[person: delete]';
comment on column scheduling.guest_codes.order_id is '[person: delete]';
comment on column scheduling.guest_codes.email is '[person: delete] [personal]';
comment on column scheduling.guest_codes.ip is '[personal]';
comment on column scheduling.guest_codes.code_hash is '[secret]';
comment on column scheduling.guest_codes.used_for is '[personal]';
create index guest_codes_booking_idx on scheduling.guest_codes (business_id, booking_id);
create index guest_codes_booking_id_idx on scheduling.guest_codes (booking_id, id);
create index guest_codes_order_idx on scheduling.guest_codes (business_id, order_id);
create index guest_codes_order_id_idx on scheduling.guest_codes (order_id, id);
create index guest_codes_email_idx on scheduling.guest_codes (email, created_at);
create index guest_codes_ip_idx on scheduling.guest_codes (ip, created_at);
create index guest_codes_created_at_idx on scheduling.guest_codes (created_at);
