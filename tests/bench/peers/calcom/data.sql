-- A clinic of a hundred hosts who work from nine to five on weekdays in Berlin, each with fifty
-- appointments of 45 minutes, with buffers of 5 and 10, in the thirty days around the change of clocks
-- of March 2035; and a function that gives
-- the free ranges of each, from the same parts that available_slots is made of. The hosts' keys are
-- spread as random ones are: GiST cannot tell apart keys that differ in their last digits only.
set session_replication_role = replica;
insert into business.businesses (
    id, slug, name, vertical_id, country, time_zone, currency, status
)
values (
    '00000000-0000-4000-8000-0000000000ca', 'hosts', 'Hosts', 'clinic', 'DE', 'Europe/Berlin', 'EUR',
    'approved'
);
insert into catalog.services (
    id, business_id, name, duration_minutes, price_minor, currency, slot_interval_minutes
)
values (
    '00000000-0000-4000-8000-0000000000cb', '00000000-0000-4000-8000-0000000000ca', 'Visit', 15, 100,
    'EUR', 15
);
insert into catalog.resources (id, business_id, kind, name, position)
select
    md5('host' || n)::uuid,
    '00000000-0000-4000-8000-0000000000ca', 'staff', 'Host ' || n, n
from generate_series(0, 99) as n;
insert into catalog.service_resources (business_id, service_id, resource_id)
select resources.business_id, '00000000-0000-4000-8000-0000000000cb', resources.id
from catalog.resources
where resources.business_id = '00000000-0000-4000-8000-0000000000ca';
insert into catalog.working_hours (business_id, weekday, opens_at, closes_at)
select '00000000-0000-4000-8000-0000000000ca', n, '09:00', '17:00' from generate_series(1, 5) as n;
insert into scheduling.allocations (
    business_id, booking_id, booking_item_id, resource_id, unit, during, is_blocking
)
select
    resources.business_id, gen_random_uuid(), gen_random_uuid(), resources.id, 1,
    tstzrange(starts.at - interval '5 minutes', starts.at + interval '55 minutes'), true
from catalog.resources
cross join generate_series(0, 49) as k
cross join lateral (
    select
        timestamptz '2035-03-15 07:00Z'
        + make_interval(days => k % 30, hours => (k / 30 * 4 + resources.position) % 8) as at
) as starts
where resources.business_id = '00000000-0000-4000-8000-0000000000ca';
set session_replication_role = origin;
analyze;

create function public.bench_free_ranges(from_at timestamptz, to_at timestamptz)
returns json
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_business_id constant uuid = '00000000-0000-4000-8000-0000000000ca';
    v_period tstzrange = tstzrange(from_at, to_at);
    v_needs scheduling.need[] = array(
        select need
        from scheduling.needs('00000000-0000-4000-8000-0000000000cb', null, 1) as need
    );
    v_ids uuid[] = array(select need.id from unnest(v_needs) as need);
begin
    return (
        select json_agg(json_build_object('id', openings.resource_id, 'free', free.ranges))
        from scheduling.openings(
            v_business_id,
            v_ids,
            array(select need.time_zone from unnest(v_needs) as need),
            array(select true from unnest(v_needs) as need),
            v_period::tstzmultirange
        ) as openings
        left join scheduling.closings(v_business_id, v_ids, v_period::tstzmultirange) as closings
            on closings.resource_id = openings.resource_id
        cross join lateral (
            select coalesce(range_agg(allocations.during), '{}') as during
            from scheduling.allocations
            where
                allocations.resource_id = openings.resource_id
                and allocations.during && v_period
                and allocations.is_blocking
        ) as taken
        cross join lateral (
            select array_agg(array[
                (date_part('epoch', lower(range)) * 1000)::bigint,
                (date_part('epoch', upper(range)) * 1000)::bigint
            ]) as ranges
            from unnest(
                openings.openings * v_period::tstzmultirange
                - coalesce(closings.closings, '{}') - taken.during
            ) as range
        ) as free
    );
end;
$$;
grant execute on function public.bench_free_ranges(timestamptz, timestamptz) to anon;
notify pgrst, 'reload schema';
