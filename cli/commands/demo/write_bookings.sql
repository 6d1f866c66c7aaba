-- Writes the bookings of demo_bookings as rows of the booking tables, as the functions of sql/44_bookings
-- would have left it: the time that is taken, the steps that led to its status, the step to come.

/*
 * What a booking cost when it was cancelled, a day after it was made, or when nobody came.
 */
create function pg_temp.fee(booking demo_bookings)
returns bigint
language sql
as $$
    select (
        scheduling.fees(
            array[booking.total_minor],
            case booking.status
                when 'no_show' then scheduling.terms_of(booking.policy, 'no_show')
                when 'cancelled' then scheduling.tier_of(
                    booking.policy, booking.starts_at - booking.booked_at - interval '1 day'
                )
            end
        )
    )[1]
$$;

insert into scheduling.bookings (
    id, business_id, customer_id, reference, status, starts_at, ends_at, time_zone, party_size,
    currency, total_minor, quote, policy, customer_name, customer_email, status_reason, created_at,
    updated_at, cancellation_fee_minor, no_show_fee_minor, sale_id, overridden
)
select
    demo_bookings.id,
    demo_bookings.business_id,
    demo_bookings.customer_id,
    demo_references.reference,
    demo_bookings.status,
    demo_bookings.starts_at,
    demo_bookings.ends_at,
    demo_bookings.time_zone,
    demo_bookings.party_size,
    demo_bookings.currency,
    demo_bookings.total_minor,
    jsonb_build_object(
        'currency', demo_bookings.currency,
        'lines', jsonb_build_array(jsonb_build_object(
            'kind', 'service',
            'service_id', demo_bookings.service_id,
            'name', demo_bookings.service_name,
            'addons', demo_bookings.addons,
            'quantity', demo_bookings.party_size,
            'unit_minor', demo_bookings.unit_minor,
            'amount_minor', demo_bookings.total_minor,
            'discount_minor', 0,
            'tax_minor', demo_bookings.tax_minor,
            'tax_is_included', true
        )),
        'subtotal_minor', demo_bookings.total_minor,
        'discount_minor', 0,
        'tax_minor', demo_bookings.tax_minor,
        'total_minor', demo_bookings.total_minor
    ),
    demo_bookings.policy,
    demo_bookings.full_name,
    demo_bookings.email,
    case demo_bookings.status when 'cancelled' then 'Something came up.' end,
    demo_bookings.booked_at,
    case
        when demo_bookings.status in ('completed', 'no_show') then demo_bookings.ends_at
        when demo_bookings.status = 'cancelled' then demo_bookings.booked_at + interval '1 day'
        else demo_bookings.booked_at
    end,
    case demo_bookings.status when 'cancelled' then pg_temp.fee(demo_bookings) else 0 end,
    case demo_bookings.status when 'no_show' then pg_temp.fee(demo_bookings) else 0 end,
    demo_bookings.id,
    case when demo_bookings.is_walk_in then '{notice}' else '{}' end::scheduling.start_rule array
from demo_bookings
cross join
    lateral (
        -- Eight of 31 letters, from a hash of 40 bits: enough for a million without a twin, nearly always.
        select
            string_agg(
                substr(
                    '23456789ABCDEFGHJKMNPQRSTUVWXYZ',
                    1 + get_byte(sha256(convert_to(demo_bookings.label, 'UTF8')), letters.n) % 31,
                    1
                ), ''
            ) as reference
        from generate_series(0, 7) as letters (n)
    ) as demo_references
on conflict (reference) do nothing;

delete from demo_bookings
where not exists (
    select 1 from scheduling.bookings
    where bookings.id = demo_bookings.id
);

insert into scheduling.booking_items (
    id, business_id, booking_id, position, service_id, resource_id, starts_at, ends_at,
    duration_minutes, price_minor, service_name, addons, cancellation_fee_minor, sale_line_id,
    party_size
)
select
    demo_bookings.item_id,
    demo_bookings.business_id,
    demo_bookings.id,
    1,
    demo_bookings.service_id,
    demo_bookings.staff_id,
    demo_bookings.starts_at,
    demo_bookings.ends_at,
    demo_bookings.minutes,
    demo_bookings.total_minor,
    demo_bookings.service_name,
    demo_bookings.addons,
    case demo_bookings.status when 'cancelled' then pg_temp.fee(demo_bookings) end,
    demo_bookings.item_id,
    demo_bookings.party_size
from demo_bookings;

insert into scheduling.sessions (
    id, business_id, service_id, resource_id, starts_at, ends_at, capacity, created_at
)
select
    demo_bookings.session_id,
    demo_bookings.business_id,
    demo_bookings.service_id,
    demo_bookings.staff_id,
    demo_bookings.starts_at,
    demo_bookings.ends_at,
    12,
    min(demo_bookings.booked_at)
from demo_bookings
where demo_bookings.session_id is not null
group by
    demo_bookings.session_id,
    demo_bookings.business_id,
    demo_bookings.service_id,
    demo_bookings.staff_id,
    demo_bookings.starts_at,
    demo_bookings.ends_at;

insert into scheduling.seats (
    business_id, booking_id, booking_item_id, session_id, number, capacity, is_blocking
)
select
    demo_bookings.business_id,
    demo_bookings.id,
    demo_bookings.item_id,
    demo_bookings.session_id,
    seats.n,
    12,
    scheduling.is_blocking(demo_bookings.status, true)
from demo_bookings
cross join
    lateral generate_series(
        demo_bookings.first_seat, demo_bookings.first_seat + demo_bookings.party_size - 1
    ) as seats (n)
where demo_bookings.session_id is not null
order by demo_bookings.session_id, seats.n;

-- A session takes the time of whoever gives it, once; a booking of its own takes it otherwise.
insert into scheduling.allocations (
    business_id, booking_id, booking_item_id, session_id, resource_id, unit, during, is_blocking
)
select distinct
    demo_bookings.business_id,
    case when demo_bookings.session_id is null then demo_bookings.id end,
    case when demo_bookings.session_id is null then demo_bookings.item_id end,
    demo_bookings.session_id,
    demo_resources.id,
    1,
    tstzrange(
        demo_bookings.starts_at - make_interval(mins => demo_bookings.before_minutes),
        demo_bookings.ends_at + make_interval(mins => demo_bookings.after_minutes)
    ),
    demo_bookings.session_id is not null or scheduling.is_blocking(demo_bookings.status, true)
from demo_bookings
inner join demo_resources
    on
        demo_bookings.business_id = demo_resources.business_id
        and demo_bookings.staff_n = demo_resources.n
        and (demo_resources.kind = 'staff' or demo_bookings.needs_room)
order by demo_resources.id, 7;

insert into scheduling.booking_history (
    business_id, booking_id, from_status, to_status, from_starts_at, to_starts_at, actor, actor_id,
    reason, at, fee_minor, overridden
)
select
    demo_bookings.business_id,
    demo_bookings.id,
    steps.from_status::scheduling.booking_status,
    steps.to_status::scheduling.booking_status,
    case when steps.from_status is not null then demo_bookings.starts_at end,
    demo_bookings.starts_at,
    steps.actor::scheduling.actor_kind,
    case steps.actor when 'customer' then demo_bookings.customer_id else owners.id end,
    case steps.to_status when 'cancelled' then 'Something came up.' end,
    steps.at,
    case when steps.to_status in ('cancelled', 'no_show') then pg_temp.fee(demo_bookings) else 0 end,
    case
        when steps.from_status is null and demo_bookings.is_walk_in then '{notice}'
        else '{}'
    end::scheduling.start_rule array
from demo_bookings
inner join demo_people as owners on owners.email = 'owner@example.com'
cross join
    lateral (
        values
        (
            1, null,
            case when demo_bookings.is_request then 'pending' else 'confirmed' end,
            case when demo_bookings.is_walk_in then 'business' else 'customer' end,
            demo_bookings.booked_at, true
        ),
        (
            2, 'pending', 'confirmed', 'business', demo_bookings.booked_at + interval '1 hour',
            demo_bookings.is_request and demo_bookings.status <> 'pending'
        ),
        (
            3, 'confirmed', 'checked_in', 'business',
            greatest(demo_bookings.starts_at, demo_bookings.booked_at),
            demo_bookings.status = 'completed'
        ),
        (
            4, 'checked_in', 'completed', 'business', demo_bookings.ends_at,
            demo_bookings.status = 'completed'
        ),
        (
            5, 'confirmed', 'no_show', 'business', demo_bookings.ends_at,
            demo_bookings.status = 'no_show'
        ),
        (
            6, 'confirmed', 'cancelled', 'customer', demo_bookings.booked_at + interval '1 day',
            demo_bookings.status = 'cancelled'
        )
    ) as steps (n, from_status, to_status, actor, at, is_taken)
where steps.is_taken
order by demo_bookings.label, steps.n;

insert into scheduling.scheduled_transitions (
    booking_id, business_id, from_status, to_status, due_at
)
select
    demo_bookings.id,
    demo_bookings.business_id,
    'pending',
    'expired',
    demo_bookings.starts_at
from demo_bookings
where demo_bookings.status = 'pending';

drop function pg_temp.fee(demo_bookings);
