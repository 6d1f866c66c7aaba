-- What a worker reads of demand, the one write of its forecasts, and days that are unlike others.

/*
 * Return how much was wanted of each service and variant of a business on each day.
 */
create function insight.wanted_on(
    business_id uuid, time_zone text, from_on date, to_on date
)
returns table (service_id uuid, variant_id uuid, day date, units bigint)
language sql
stable
security invoker
set search_path = ''
as $$
    select
        booking_items.service_id,
        null::uuid,
        (booking_items.starts_at at time zone wanted_on.time_zone)::date,
        count(*)
    from scheduling.bookings
    inner join scheduling.booking_items
        on
            booking_items.business_id = bookings.business_id
            and booking_items.booking_id = bookings.id
    where
        bookings.business_id = wanted_on.business_id
        and bookings.starts_at >= from_on::timestamp at time zone wanted_on.time_zone
        and bookings.starts_at < (to_on + 1)::timestamp at time zone wanted_on.time_zone
        and bookings.status not in ('held', 'expired', 'rejected', 'cancelled')
        and booking_items.service_id is not null
    group by 1, 3
    union all
    select
        null,
        sale_lines.variant_id,
        (sales.placed_at at time zone wanted_on.time_zone)::date,
        sum(sale_lines.quantity)::bigint
    from sales.sales
    inner join sales.sale_lines
        on sale_lines.business_id = sales.business_id and sale_lines.sale_id = sales.id
    where
        sales.business_id = wanted_on.business_id
        and sales.placed_at >= from_on::timestamp at time zone wanted_on.time_zone
        and sales.placed_at < (to_on + 1)::timestamp at time zone wanted_on.time_zone
        and sale_lines.variant_id is not null
        and sale_lines.corrects_line_id is null
    group by 2, 3
$$;

/*
 * Return the demand of each service and variant of a business, day by day over the 26 weeks that
 * ended yesterday: [{service_id, variant_id, units}]. A service counts bookings that are neither
 * held, expired, rejected nor cancelled on the day on which they start; a variant counts pieces on
 * the day on which they were sold. What was wanted on fewer than ten days is left out.
 * Definer: called by the worker, which has no access to the tables.
 */
create function insight.demand_series(business_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    with span as (
        select
            today.day - 182 as from_on,
            today.day - 1 as to_on,
            businesses.time_zone
        from business.businesses
        cross join lateral (
            select (private.now() at time zone businesses.time_zone)::date as day
        ) as today
        where businesses.id = demand_series.business_id
    ),

    wanted as (
        select daily.*
        from span
        cross join lateral insight.wanted_on(
            demand_series.business_id, span.time_zone, span.from_on, span.to_on
        ) as daily
    ),

    subjects as (
        select wanted.service_id, wanted.variant_id
        from wanted
        group by wanted.service_id, wanted.variant_id
        having count(*) >= 10
    )

    select coalesce(jsonb_agg(series), '[]')
    from (
        select
            subjects.service_id,
            subjects.variant_id,
            jsonb_agg(coalesce(wanted.units, 0) order by days.at) as units
        from subjects
        cross join span
        cross join lateral generate_series(
            span.from_on, span.to_on, interval '1 day'
        ) as days (at)
        left join wanted
            on
                wanted.day = days.at::date
                and (wanted.service_id, wanted.variant_id)
                is not distinct from (subjects.service_id, subjects.variant_id)
        group by subjects.service_id, subjects.variant_id
    ) as series
$$;

/*
 * Keep the forecasts of a business instead of those before, in one write. Each has service_id or
 * variant_id, expected, smoothing_error and naive_error; expected has a row of both methods, and
 * the one that won the back-test is kept.
 * Definer: called by the worker, which has no access to the tables.
 */
create function insight.keep_forecasts(business_id uuid, forecasts jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    delete from insight.forecasts
    where forecasts.business_id = keep_forecasts.business_id;
    insert into insight.forecasts (
        business_id, service_id, variant_id, made_at, starts_on, expected, method,
        smoothing_error, naive_error
    )
    select
        keep_forecasts.business_id,
        made.service_id,
        made.variant_id,
        private.now(),
        (private.now() at time zone business.time_zone(keep_forecasts.business_id))::date,
        case when made.smoothing_error < made.naive_error then made.smoothing else made.naive end,
        case
            when made.smoothing_error < made.naive_error then 'smoothing' else 'seasonal_naive'
        end,
        made.smoothing_error,
        made.naive_error
    from jsonb_to_recordset(keep_forecasts.forecasts) as made (
        service_id uuid, variant_id uuid, smoothing double precision array,
        naive double precision array, smoothing_error double precision,
        naive_error double precision
    )
    -- One that was deleted meanwhile needs no forecast.
    where
        exists (select 1 from catalog.services where services.id = made.service_id)
        or exists (
            select 1 from catalog.product_variants where product_variants.id = made.variant_id
        );
end;
$$;
