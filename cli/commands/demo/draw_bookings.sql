-- The bookings of some businesses (frontdesk.demo_from to frontdesk.demo_to), before they are written:
-- up to five starts a working day for each of four people, each person in a room of their own, so that
-- nothing overlaps; none on days on which the business is closed. Up to three parties come to a class.
-- Some customers walked in: staff wrote them down when they were there already.
create temporary table demo_starts on commit drop as
with days as (
    select
        demo_businesses.*,
        days.day::date as day
    from demo_businesses
    cross join demo_size
    cross join
        lateral generate_series(
            demo_size.first_day::timestamp, demo_size.last_day::timestamp, interval '1 day'
        ) as days (day)
    where
        demo_businesses.n between
        current_setting('frontdesk.demo_from')::integer
        and current_setting('frontdesk.demo_to')::integer
    union
    -- The days around the next change of the clocks, in the first business, whose zone has one.
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
        days.n || ' ' || days.day || ' ' || demo_resources.n || ' ' || starts.k as start,
        (days.day + starts.at::time) at time zone days.time_zone as starts_at
    from days
    inner join demo_resources
        on days.id = demo_resources.business_id and demo_resources.kind = 'staff'
    cross join (
        values (1, '09:00'), (2, '10:30'), (3, '13:30'), (4, '15:00'), (5, '16:30')
    ) as starts (k, at)
    where
        extract(isodow from days.day) = any(days.weekdays)
        and not exists (
            select 1
            from business.closures
            where
                closures.business_id = days.id
                and days.day between closures.starts_on and closures.ends_on
        )
)

select
    starts.*,
    parties.n as party_n,
    starts.start || ' ' || parties.n as label
from starts
cross join
    lateral generate_series(1, case when starts.gives_classes then 3 else 1 end) as parties (n)
where
    pg_temp.dice('busy ' || starts.start) < 750
    and (parties.n = 1 or pg_temp.dice('joins ' || starts.start || parties.n) < 600);

create temporary table demo_bookings on commit drop as
select
    pg_temp.key('booking ' || demo_starts.label) as id,
    pg_temp.key('item ' || demo_starts.label) as item_id,
    demo_starts.id as business_id,
    demo_starts.label,
    demo_starts.time_zone,
    demo_starts.currency,
    demo_starts.staff_n,
    demo_starts.staff_id,
    demo_starts.starts_at,
    demo_starts.starts_at + make_interval(mins => chosen.minutes) as ends_at,
    chosen.minutes,
    chosen.unit_minor,
    chosen.unit_minor * chosen.party_size as total_minor,
    coalesce(demo_taxes.component, 'none') as tax_component,
    coalesce(demo_taxes.rate_bps, 0) as tax_rate_bps,
    demo_taxes.jurisdiction as tax_jurisdiction,
    demo_taxes.rounding_unit,
    demo_taxes.rounding_mode,
    coalesce(
        pricing.round_tax(
            chosen.unit_minor * chosen.party_size * demo_taxes.rate_bps
            / (10000 + demo_taxes.rate_bps),
            demo_taxes.rounding_mode
        ),
        0
    ) as tax_minor,
    chosen.addons,
    chosen.party_size,
    case when demo_starts.gives_classes then pg_temp.key('session ' || demo_starts.start) end
        as session_id,
    -- A party of at most four sits in its own third of twelve seats.
    1 + 4 * (demo_starts.party_n - 1) as first_seat,
    demo_services.id as service_id,
    demo_services.name as service_name,
    demo_services.before_minutes,
    demo_services.after_minutes,
    demo_services.needs_room,
    demo_services.requires_confirmation and not chosen.is_walk_in as is_request,
    demo_terms.policy,
    chosen.is_walk_in,
    case when not chosen.is_walk_in then demo_people.id end as customer_id,
    demo_people.full_name,
    case when not chosen.is_walk_in then demo_people.email end as email,
    case
        when chosen.is_walk_in then 'completed'
        when chosen.fate < 80 then 'cancelled'
        when demo_starts.starts_at < demo_size.monday and chosen.fate < 120 then 'no_show'
        when demo_starts.starts_at < demo_size.monday then 'completed'
        when
            demo_services.requires_confirmation
            and demo_starts.starts_at > demo_size.monday + interval '7 days'
            and chosen.fate < 500
            then 'pending'
        else 'confirmed'
    end::scheduling.booking_status as status,
    case
        when chosen.is_walk_in then demo_starts.starts_at + interval '3 minutes'
        else least(demo_starts.starts_at, demo_size.monday)
            - make_interval(days => 2 + pg_temp.dice('ahead ' || demo_starts.label) % 20)
    end as booked_at
from demo_starts
cross join demo_size
inner join demo_services
    on
        demo_starts.id = demo_services.business_id
        and demo_services.n = 1 + pg_temp.dice('service ' || demo_starts.start) % 5
inner join demo_terms on demo_services.id = demo_terms.service_id
left join demo_taxes on demo_starts.id = demo_taxes.business_id
cross join
    lateral (
        select
            demo_terms.addon_minutes is not null
            and pg_temp.dice('addon ' || demo_starts.label) < 300 as has_addon
    ) as wishes
cross join
    lateral (
        select
            pg_temp.dice('end ' || demo_starts.label) as fate,
            pg_temp.dice('walks in ' || demo_starts.label) < 40
            and not demo_starts.gives_classes
            and demo_starts.starts_at < demo_size.monday as is_walk_in,
            case
                when
                    demo_starts.gives_classes
                    then 1 + pg_temp.dice('party ' || demo_starts.label) % 4
                else 1
            end as party_size,
            case when wishes.has_addon then jsonb_build_array(demo_terms.addon) else '[]' end
                as addons,
            demo_services.minutes
            + case when wishes.has_addon then demo_terms.addon_minutes else 0 end as minutes,
            demo_services.price_minor
            + case when wishes.has_addon then demo_terms.addon_price_minor else 0 end as unit_minor
    ) as chosen
inner join demo_people
    on demo_people.n = case
        when pg_temp.dice('customer ' || demo_starts.label) < 20 then -3
        else 1 + ('x' || left(md5(demo_starts.label), 7))::bit(28)::integer % demo_size.customers
    end;

drop table demo_starts;
analyze demo_bookings;
