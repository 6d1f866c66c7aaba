-- The figures of a month that say how a business does, in one row.

create type insight.kpis as (
    business_id uuid,
    month date,
    currency text,
    bookings bigint,
    completed bigint,
    cancellation_bps integer,
    no_show_bps integer,
    utilisation_bps integer,
    new_customers bigint,
    returning_customers bigint,
    returning_bps integer,
    sold_minor bigint,
    revenue_minor bigint,
    refund_bps integer,
    sold_per_customer_minor bigint
);

/*
 * Return the figures of a business from the first of the month 24 months ago, or from the day on
 * which it was created, until today.
 */
create function insight.kpi_days(business business.businesses)
returns setof insight.days
language sql
stable
security invoker
set search_path = ''
as $$
    select days.*
    from (
        select private.now() at time zone business.time_zone as at
    ) as local
    cross join lateral insight.current_days(
        business.id,
        greatest(
            date_trunc('month', local.at) - interval '24 months',
            business.created_at at time zone business.time_zone
        )::date,
        local.at::date
    ) as days
    where days.subject = 'business'
$$;

/*
 * Count this month and the 24 before, of some businesses.
 */
create function insight.count_kpis(business_ids uuid[])
returns setof insight.kpis
language sql
stable
security invoker
set search_path = ''
as $$
    select
        businesses.id,
        date_trunc('month', days.day)::date,
        businesses.currency,
        sum(booked.bookings)::bigint,
        sum(days.completed)::bigint,
        insight.share_bps(sum(days.cancelled), sum(booked.bookings)),
        insight.share_bps(sum(days.no_show), sum(days.completed + days.no_show)),
        insight.share_bps(sum(days.booked_minutes), sum(days.open_minutes)),
        sum(days.new_customers)::bigint,
        sum(days.returning_customers)::bigint,
        insight.share_bps(
            sum(days.returning_customers), sum(days.new_customers + days.returning_customers)
        ),
        sum(money.sold_minor)::bigint,
        sum(
            money.captured_minor - money.refunded_minor - money.disputed_minor
            - money.gift_cards_minor
        )::bigint,
        insight.share_bps(sum(money.refunded_minor), sum(money.captured_minor)),
        round(
            sum(money.sold_minor)
            / nullif(sum(days.new_customers + days.returning_customers), 0)
        )::bigint
    from business.businesses
    cross join lateral insight.kpi_days(businesses) as days
    cross join lateral (
        select
            days.pending_payment + days.pending + days.confirmed + days.checked_in
            + days.completed + days.cancelled + days.rejected + days.no_show as bookings
    ) as booked
    -- Money of another currency than the business's is not added.
    left join lateral (
        select
            days.sold_minor,
            days.captured_minor,
            days.refunded_minor,
            days.disputed_minor,
            days.gift_cards_minor
        where days.currency = businesses.currency
    ) as money on true
    where businesses.id = any(business_ids)
    group by 1, 2, 3
$$;

/*
 * Return the key figures of all businesses.
 * Definer: analysts read the result, which has no persons, and not the rows below it.
 */
create function insight.all_kpis()
returns setof insight.kpis
language sql
stable
security definer
set search_path = ''
begin atomic
    select kpis.*
    from insight.count_kpis(
        array(
            select businesses.id
            from business.businesses
            where businesses.status in ('approved', 'suspended')
        )
    ) as kpis;
end;

/*
 * Return the key figures of the caller's businesses.
 * Definer: figures are of all rows of a business, whichever of them the caller may read.
 */
create function insight.my_kpis()
returns setof insight.kpis
language sql
stable
security definer
set search_path = ''
begin atomic
    select kpis.* from insight.count_kpis(insight.my_businesses()) as kpis;
end;
