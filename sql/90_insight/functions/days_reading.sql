-- How readers get exact figures of any days: what is kept, and the rest counted now.

/*
 * Return the exact figures of a business from one day to another, both included: what is kept and,
 * counted now, the days that are changed or not kept.
 */
create function insight.current_days(business_id uuid, from_on date, to_on date)
returns setof insight.days
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_changed constant datemultirange = coalesce(
        (
            select range_agg(daterange(day_changes.from_on, day_changes.to_on, '[]'))
            from insight.day_changes
            where
                day_changes.business_id = current_days.business_id
                and day_changes.from_on <= current_days.to_on
                and day_changes.to_on >= current_days.from_on
        ),
        '{}'
    );
    v_live constant date[] = array(
        select days.at::date
        from generate_series(
            current_days.from_on, current_days.to_on, interval '1 day'
        ) as days (at)
        left join insight.kept_days
            on
                kept_days.business_id = current_days.business_id
                and kept_days.day = days.at::date
        where kept_days.day is null or days.at::date <@ v_changed
    );
begin
    return query
    select days.*
    from insight.days
    where
        days.business_id = current_days.business_id
        and days.day between current_days.from_on and current_days.to_on
        and days.day <> all(v_live);
    if v_live <> '{}' then
        return query
        select counted.* from insight.count_days(current_days.business_id, v_live) as counted;
    end if;
end;
$$;

-- The days that must be counted again, of all businesses.
create view insight.changed_days
with (security_invoker = true)
as
select
    day_changes.business_id,
    day_changes.from_on as day
from insight.day_changes
where day_changes.from_on = day_changes.to_on
union
select
    kept_days.business_id,
    kept_days.day
from insight.day_changes
inner join insight.kept_days
    on
        day_changes.business_id = kept_days.business_id
        and kept_days.day between day_changes.from_on and day_changes.to_on;
comment on view insight.changed_days is 'The days that must be counted again.';

/*
 * Count the changed days of all businesses now.
 * Definer: analysts read the result, which has no persons, and not the rows below it.
 */
create function insight.recounted_days()
returns setof insight.days
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select counted.*
    from (
        select changed_days.business_id, array_agg(changed_days.day) as days
        from insight.changed_days
        group by changed_days.business_id
    ) as changed
    cross join lateral insight.count_days(changed.business_id, changed.days) as counted;
end;
$$;

-- The exact figures of now, of all businesses: what is kept, and the changed days counted now.
create view insight.all_days
with (security_invoker = true)
as
select days.*
from insight.days
where
    (days.business_id, days.day) not in (
        select
            changed_days.business_id,
            changed_days.day
        from insight.changed_days
    )
union all
select recounted.*
from insight.recounted_days() as recounted;
comment on view insight.all_days is 'The figures of days as they are now.';
