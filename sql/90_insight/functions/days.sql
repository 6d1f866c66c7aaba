-- Days that are kept, and how the worker counts them again.

/*
 * Count some days of a business from the rows of the other domains.
 */
create function insight.count_days(business_id uuid, days date[])
returns setof insight.days
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_spans constant insight.span[] = insight.spans(count_days.business_id, count_days.days);
begin
    return query
    select
        count_days.business_id,
        figures.day,
        figures.subject,
        figures.subject_id,
        figures.currency,
        coalesce(sum(figures.amount) filter (where figures.measure = 'held'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'pending_payment'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'pending'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'confirmed'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'checked_in'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'completed'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'cancelled'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'rejected'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'no_show'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'expired'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'lead_minutes'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'booked_minutes'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'open_minutes'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'new_customers'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'returning_customers'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'units'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'sold_minor'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'tax_minor'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'captured_minor'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'refunded_minor'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'disputed_minor'), 0)::bigint,
        coalesce(sum(figures.amount) filter (where figures.measure = 'gift_cards_minor'), 0)::bigint
    from (
        select * from insight.count_bookings(count_days.business_id, v_spans)
        union all
        select * from insight.count_items(count_days.business_id, v_spans)
        union all
        select * from insight.count_hours(count_days.business_id, v_spans)
        union all
        select * from insight.count_sales(count_days.business_id, v_spans)
        union all
        select * from insight.count_takings(count_days.business_id, v_spans)
        union all
        select * from insight.count_customers(count_days.business_id, v_spans)
    ) as figures
    group by figures.day, figures.subject, figures.subject_id, figures.currency;
end;
$$;

/*
 * Count some days of a business, and keep the result instead of what was kept.
 */
create function insight.keep_days(business_id uuid, days date[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    delete from insight.days
    where days.business_id = keep_days.business_id and days.day = any(keep_days.days);
    insert into insight.days
    select counted.*
    from insight.count_days(keep_days.business_id, keep_days.days) as counted;
    insert into insight.kept_days (business_id, day)
    select keep_days.business_id, kept.day
    from unnest(keep_days.days) as kept (day)
    on conflict on constraint kept_days_pkey do update set kept_at = now();
end;
$$;

/*
 * Count again the days of the oldest changes, at most so many. Returns how many changes were taken;
 * 0 also while another worker counts. A change that commits while a day is counted stays, so its
 * day is counted once more.
 * Definer: called by the worker, which has no access to the tables.
 */
create function insight.refresh_days(maximum integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_taken insight.day_changes[];
    v_changed record;
begin
    if not pg_try_advisory_xact_lock(hashtextextended('insight.refresh_days', 0)) then
        return 0;
    end if;
    with oldest as (
        select distinct first.business_id, first.from_on, first.to_on
        from (
            select day_changes.business_id, day_changes.from_on, day_changes.to_on
            from insight.day_changes
            order by day_changes.id
            limit maximum
        ) as first
    ),

    taken as (
        delete from insight.day_changes
        using oldest
        where
            day_changes.business_id = oldest.business_id
            and day_changes.from_on = oldest.from_on
            and day_changes.to_on = oldest.to_on
        returning day_changes.*
    )

    select coalesce(array_agg(taken), '{}') into v_taken from taken;
    for v_changed in
        select changed.business_id, array_agg(distinct changed.day) as days
        from (
            select taken.business_id, taken.from_on as day
            from unnest(v_taken) as taken
            where taken.from_on = taken.to_on
            union all
            select kept_days.business_id, kept_days.day
            from unnest(v_taken) as taken
            inner join insight.kept_days
                on
                    kept_days.business_id = taken.business_id
                    and kept_days.day between taken.from_on and taken.to_on
            where taken.from_on < taken.to_on
        ) as changed
        group by changed.business_id
        order by changed.business_id
    loop
        perform insight.keep_days(v_changed.business_id, v_changed.days);
    end loop;
    return cardinality(v_taken);
end;
$$;

/*
 * Ask for the days that are over and were never counted: of every business those of the last five
 * weeks and, if nothing of it is kept, all since its first booking or sale. Returns how many.
 * Definer: called by the worker, which has no access to the tables.
 */
create function insight.note_past_days()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    insert into insight.day_changes (business_id, from_on, to_on)
    select businesses.id, past.day, past.day
    from business.businesses
    cross join lateral (
        select (private.now() at time zone businesses.time_zone)::date - 1 as day
    ) as yesterday
    cross join lateral (
        select case
            when exists (
                select 1 from insight.kept_days where kept_days.business_id = businesses.id
            ) then yesterday.day - 34
            else (
                least(
                    businesses.created_at,
                    (
                        select min(bookings.starts_at)
                        from scheduling.bookings
                        where bookings.business_id = businesses.id
                    ),
                    (
                        select min(sales.placed_at)
                        from sales.sales
                        where sales.business_id = businesses.id
                    )
                ) at time zone businesses.time_zone
            )::date
        end as day
    ) as first
    cross join lateral (
        select days.at::date as day
        from generate_series(first.day, yesterday.day, interval '1 day') as days (at)
        except
        select kept_days.day
        from insight.kept_days
        where kept_days.business_id = businesses.id
    ) as past
    where businesses.status in ('approved', 'suspended');
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;
