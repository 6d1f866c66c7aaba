-- Slots: one row a start, with everybody who may be booked for it in the order in which a booking
-- that names nobody would try them. The order is that of assign.sql for many starts at once.

/*
 * Return the resources that may be assigned to a leg in some time, each with its tier: those that
 * the caller knows come first, then the highest priority. Load curves decide within a tier; a
 * resource that is alone in its tier has none.
 */
create function scheduling.assignees(leg scheduling.leg, resource_ids uuid[], starts tstzrange)
returns setof scheduling.assignee
language plpgsql
stable
security invoker
set search_path = ''
rows 10
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_known record = scheduling.known_resources(leg, auth.uid());
begin
    return query
    with tiered as materialized (
        select
            members.resource_id,
            dense_rank() over (order by known.place, members.priority desc)::integer as tier
        from catalog.service_resources as members
        cross join lateral (
            select case members.resource_id when v_known.preferred_id then 1 when v_known.past_id then 2 end
        ) as known (place)
        where
            members.service_id = leg.service_id
            and members.resource_id = any(assignees.resource_ids)
    )

    select
        tiered.resource_id,
        tiered.tier,
        curve.weight,
        curve.begins,
        curve.earlier_weight,
        curve.earlier_begins
    from tiered
    left join scheduling.load_curves(
        leg,
        array(
            select rivals.resource_id
            from (
                select
                    tiered.resource_id,
                    count(*) over (partition by tiered.tier) as count
                from tiered
            ) as rivals
            where rivals.count > 1
        ),
        assignees.starts,
        null
    ) as curve on curve.resource_id = tiered.resource_id;
end;
$$;

/*
 * Return the slots of a leg that is not a class: at each start, who is free in the order of their
 * tier, then of their load around it, then of their rank.
 */
create function scheduling.resource_slots(leg scheduling.leg, during tstzmultirange)
returns setof public.slot
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set jit = 'off'
as $$
declare
    v_length interval = make_interval(mins => leg.minutes);
    -- width_bucket counts what is not later than a moment. Of the thirty days around a start, the
    -- first moment counts and the last one does not.
    v_before constant interval = '360:00:00.000001';
    v_after constant interval = '359:59:59.999999';
    v_needs scheduling.need[] = scheduling.needs_of(
        leg.service_id, leg.resource_id, leg.party_size
    );
    v_ids uuid[] = array(select need.id from unnest(v_needs) as need where need.is_leading);
begin
    return query
    select
        ordered.at,
        ordered.at + v_length,
        array_agg(ordered.id),
        sum(ordered.remaining)::integer
    from (
        select
            vacancy.at,
            vacancy.id,
            vacancy.remaining
        from scheduling.vacancies_for_caller(leg, resource_slots.during, v_needs) as vacancy
        inner join scheduling.assignees(leg, v_ids, range_merge(resource_slots.during)) as assignee
            on assignee.id = vacancy.id
        where vacancy.is_leading
        order by
            vacancy.at,
            assignee.tier,
            (
                width_bucket(vacancy.at + v_after, assignee.begins)
                - width_bucket(vacancy.at - v_before, assignee.begins)
            ) / assignee.weight
            + coalesce(
                (
                    width_bucket(vacancy.at + v_after, assignee.earlier_begins)
                    - width_bucket(vacancy.at - v_before, assignee.earlier_begins)
                ) / assignee.earlier_weight,
                0
            ),
            vacancy.rank
    ) as ordered
    group by ordered.at
    order by ordered.at;
end;
$$;

/*
 * Return the slots of a class: at each start, who leads a session with enough free seats, the
 * session with the most of them first. A session that nobody leads has seats and no resource.
 */
create function scheduling.session_slots(leg scheduling.leg, during tstzmultirange)
returns setof public.slot
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        leaders.at,
        leaders.at + make_interval(mins => leg.minutes),
        coalesce(
            array_agg(leaders.id order by leaders.most desc, leaders.rank)
            filter (where leaders.id is not null),
            '{}'
        ),
        sum(leaders.places)::integer
    from (
        select
            vacancy.at,
            vacancy.id,
            sum(vacancy.remaining) as places,
            max(vacancy.remaining) as most,
            min(vacancy.rank) as rank
        from scheduling.vacancies_for_caller(leg, session_slots.during) as vacancy
        group by vacancy.at, vacancy.id
    ) as leaders
    group by leaders.at
    order by leaders.at;
end;
$$;

/*
 * Return the slots of a leg in some periods, ordered by time.
 * Definer: it sees how busy everybody is, and returns only the order.
 */
create function scheduling.slots(leg scheduling.leg, during tstzmultirange)
returns setof public.slot
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    if leg.is_class then
        return query select * from scheduling.session_slots(leg, slots.during);
    else
        return query select * from scheduling.resource_slots(leg, slots.during);
    end if;
end;
$$;
