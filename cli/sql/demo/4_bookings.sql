-- The bookings of some businesses (frontdesk.demo_from to frontdesk.demo_to): five starts a working day
-- for each of four people, each person in a room of their own, so that nothing overlaps; none on days
-- on which the business is closed.
create temporary table demo_bookings on commit drop as
with days as (
    select
        demo_businesses.*,
        days.day::date as day
    from demo_businesses
    cross join demo_size
    cross join lateral generate_series(
        demo_size.first_day::timestamp, demo_size.last_day::timestamp, interval '1 day'
    ) as days (day)
    where
        demo_businesses.n between
        current_setting('frontdesk.demo_from')::integer
        and current_setting('frontdesk.demo_to')::integer
    union
    -- The days around the next change of the clocks, in the first business whose zone has one.
    select
        demo_businesses.*,
        demo_size.clock_change + around.days
    from demo_businesses
    cross join demo_size
    cross join generate_series(-1, 1) as around (days)
    where demo_businesses.n = 0 and current_setting('frontdesk.demo_from') = '0'
),

starts as (
    select
        days.*,
        demo_resources.n as staff_n,
        demo_resources.id as staff_id,
        starts.k,
        days.n || ' ' || days.day || ' ' || demo_resources.n || ' ' || starts.k as label,
        (days.day + starts.at::time) at time zone days.time_zone as starts_at
    from days
    inner join demo_resources
        on demo_resources.business_id = days.id and demo_resources.kind = 'staff'
    cross join (
        values (1, '09:00'), (2, '10:30'), (3, '13:30'), (4, '15:00'), (5, '16:30')
    ) as starts (k, at)
    where
        extract(isodow from days.day) <= days.days
        and not exists (
            select 1
            from business.closures
            where
                closures.business_id = days.id
                and days.day between closures.starts_on and closures.ends_on
        )
        and pg_temp.dice('busy ' || days.n || days.day || demo_resources.n || starts.k) < 800
)

select
    pg_temp.key('booking ' || starts.label) as id,
    pg_temp.key('item ' || starts.label) as item_id,
    starts.id as business_id,
    starts.n as business_n,
    starts.label,
    starts.time_zone,
    starts.currency,
    starts.staff_n,
    starts.staff_id,
    starts.starts_at,
    starts.starts_at + make_interval(mins => demo_services.minutes) as ends_at,
    demo_services.id as service_id,
    demo_services.name as service_name,
    demo_services.minutes,
    demo_services.price_minor,
    demo_services.before_minutes,
    demo_services.after_minutes,
    demo_services.needs_room,
    demo_people.id as customer_id,
    demo_people.full_name,
    demo_people.email,
    case
        when pg_temp.dice('end ' || starts.label) < 80 then 'cancelled'
        when
            starts.starts_at < demo_size.monday and pg_temp.dice('end ' || starts.label) < 120
            then 'no_show'
        when starts.starts_at < demo_size.monday then 'completed'
        when
            demo_services.requires_confirmation
            and starts.starts_at > demo_size.monday + interval '7 days'
            and pg_temp.dice('end ' || starts.label) < 500
            then 'pending'
        else 'confirmed'
    end::scheduling.booking_status as status,
    demo_size.monday - interval '60 days' as booked_at
from starts
cross join demo_size
inner join demo_services
    on
        demo_services.business_id = starts.id
        and demo_services.n = 1 + pg_temp.dice('service ' || starts.label) % 5
inner join demo_people
    on demo_people.n = case
        when pg_temp.dice('customer ' || starts.label) < 20 then -3
        else 1 + ('x' || left(md5(starts.label), 7))::bit(28)::integer % demo_size.customers
    end;

insert into scheduling.bookings (
    id, business_id, customer_id, reference, status, starts_at, ends_at, time_zone, currency,
    total_minor, quote, policy, customer_name, customer_email, status_reason, created_at, updated_at
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
    demo_bookings.currency,
    demo_bookings.price_minor,
    jsonb_build_object(
        'currency', demo_bookings.currency,
        'lines', jsonb_build_array(jsonb_build_object(
            'kind', 'service', 'service_id', demo_bookings.service_id,
            'name', demo_bookings.service_name, 'addons', '[]'::jsonb, 'quantity', 1,
            'unit_minor', demo_bookings.price_minor, 'amount_minor', demo_bookings.price_minor
        )),
        'subtotal_minor', demo_bookings.price_minor,
        'discount_minor', 0,
        'tax_minor', 0,
        'total_minor', demo_bookings.price_minor
    ),
    scheduling.policy_of(demo_bookings.service_id),
    demo_bookings.full_name,
    demo_bookings.email,
    case demo_bookings.status when 'cancelled' then 'Something came up.' end,
    demo_bookings.booked_at,
    demo_bookings.booked_at
from demo_bookings
cross join lateral (
    -- Eight of 31 letters, from a hash of 40 bits: enough for a million without a twin, nearly always.
    select string_agg(
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
where not exists (select 1 from scheduling.bookings where bookings.id = demo_bookings.id);

insert into scheduling.booking_items (
    id, business_id, booking_id, position, service_id, resource_id, starts_at, ends_at,
    duration_minutes, price_minor, service_name
)
select
    demo_bookings.item_id, demo_bookings.business_id, demo_bookings.id, 1, demo_bookings.service_id,
    demo_bookings.staff_id, demo_bookings.starts_at, demo_bookings.ends_at, demo_bookings.minutes,
    demo_bookings.price_minor, demo_bookings.service_name
from demo_bookings;

insert into scheduling.allocations (
    business_id, booking_id, booking_item_id, resource_id, unit, during, is_blocking
)
select
    demo_bookings.business_id,
    demo_bookings.id,
    demo_bookings.item_id,
    demo_resources.id,
    1,
    tstzrange(
        demo_bookings.starts_at - make_interval(mins => demo_bookings.before_minutes),
        demo_bookings.ends_at + make_interval(mins => demo_bookings.after_minutes)
    ),
    scheduling.is_blocking(demo_bookings.status, true)
from demo_bookings
inner join demo_resources
    on
        demo_resources.business_id = demo_bookings.business_id
        and demo_resources.n = demo_bookings.staff_n
        and (demo_resources.kind = 'staff' or demo_bookings.needs_room)
order by demo_resources.id, demo_bookings.starts_at;

insert into scheduling.booking_history (
    business_id, booking_id, from_status, to_status, to_starts_at, actor, actor_id, at
)
select
    demo_bookings.business_id,
    demo_bookings.id,
    steps.from_status::scheduling.booking_status,
    steps.to_status::scheduling.booking_status,
    demo_bookings.starts_at,
    steps.actor::scheduling.actor_kind,
    case steps.actor when 'customer' then demo_bookings.customer_id end,
    case
        when steps.from_status is null then demo_bookings.booked_at
        when demo_bookings.status = 'cancelled' then demo_bookings.booked_at + interval '1 day'
        else demo_bookings.ends_at
    end
from demo_bookings
cross join lateral (
    select
        null as from_status,
        case demo_bookings.status when 'pending' then 'pending' else 'confirmed' end as to_status,
        'customer' as actor
    union all
    select
        'confirmed',
        demo_bookings.status::text,
        case demo_bookings.status when 'cancelled' then 'customer' else 'business' end
    where demo_bookings.status in ('cancelled', 'completed', 'no_show')
) as steps;

insert into scheduling.scheduled_transitions (booking_id, business_id, from_status, to_status, due_at)
select demo_bookings.id, demo_bookings.business_id, 'pending', 'expired', demo_bookings.starts_at
from demo_bookings
where demo_bookings.status = 'pending';

drop table demo_bookings;
