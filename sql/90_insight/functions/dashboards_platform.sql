-- The dashboard of the platform, and every business with its totals.

/*
 * Return the businesses with the most revenue in some days, at most ten in each currency. Those
 * with as much revenue come by bookings, then by id.
 */
create function insight.top_businesses(days insight.days[])
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
    with sums as (
        select
            each.business_id,
            each.currency,
            sum(
                each.captured_minor - each.refunded_minor - each.disputed_minor
                - each.gift_cards_minor
            )::bigint as revenue_minor,
            sum(each.sold_minor)::bigint as sold_minor,
            sum(insight.bookings_of(each))::bigint as bookings
        from unnest(days) as each
        where each.currency <> 'XXX'
        group by each.business_id, each.currency
    ),

    ranked as (
        select
            sums.*,
            businesses.name,
            row_number() over (
                partition by sums.currency
                order by sums.revenue_minor desc, sums.bookings desc, sums.business_id
            ) as rank
        from sums
        inner join business.businesses on businesses.id = sums.business_id
    )

    select coalesce(
        jsonb_agg(to_jsonb(ranked) order by ranked.currency, ranked.rank), '[]'
    )
    from ranked
    where ranked.rank <= 10
$$;

/*
 * Return the commissions of the platform in a period, by currency, as the ledger booked them.
 */
create function insight.commissions_between(from_on date, to_on date)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(jsonb_agg(to_jsonb(sums) order by sums.currency), '[]')
        from (
            select
                commission_report.currency,
                sum(commission_report.earned_minor)::bigint as earned_minor,
                sum(commission_report.reversed_minor)::bigint as reversed_minor
            from analytics.commission_report
            where
                commission_report.party_id is null
                and commission_report.day between from_on and to_on
            group by commission_report.currency
        ) as sums
    );
end;
$$;

/*
 * Return the page of the platform (public.platform_dashboard).
 * Definer: figures are of all rows, whichever of them the caller may read.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden
 */
create function insight.platform_dashboard(from_on date, to_on date)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_before date;
    v_days insight.days[];
    v_now insight.days[];
begin
    if not private.is_operator() then
        perform private.require_platform_staff('support');
    end if;
    perform insight.require_period(from_on, to_on);
    v_before = from_on - (to_on - from_on + 1);
    -- One row for each business, currency and period.
    v_days = array(
        select sums
        from (values (from_on, to_on), (v_before, from_on - 1)) as period (from_on, to_on)
        cross join lateral insight.sum_businesses(period.from_on, period.to_on) as sums
    );
    v_now = array(select each from unnest(v_days) as each where each.day = from_on);
    return jsonb_build_object('from_on', from_on, 'to_on', to_on)
    || insight.figures_of(v_now)
    || jsonb_build_object(
        'commissions', insight.commissions_between(from_on, to_on),
        'before', jsonb_build_object(
            'from_on', v_before, 'to_on', from_on - 1,
            'commissions', insight.commissions_between(v_before, from_on - 1)
        )
        || insight.figures_of(
            array(select each from unnest(v_days) as each where each.day = v_before)
        ),
        'top_businesses', insight.top_businesses(v_now),
        'businesses', (
            select coalesce(jsonb_object_agg(counts.status, counts.count), '{}')
            from (
                select businesses.status, count(*) as count
                from business.businesses
                group by businesses.status
            ) as counts
        )
    );
end;
$$;

/*
 * Add up the days of each business in a period: one row for each business and currency, with the
 * first day of the period for its own.
 */
create function insight.sum_businesses(from_on date, to_on date)
returns setof insight.days
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        each.business_id,
        sum_businesses.from_on,
        'business'::insight.subject,
        '',
        each.currency,
        sum(each.held)::bigint,
        sum(each.pending_payment)::bigint,
        sum(each.pending)::bigint,
        sum(each.confirmed)::bigint,
        sum(each.checked_in)::bigint,
        sum(each.completed)::bigint,
        sum(each.cancelled)::bigint,
        sum(each.rejected)::bigint,
        sum(each.no_show)::bigint,
        sum(each.expired)::bigint,
        sum(each.lead_minutes)::bigint,
        sum(each.booked_minutes)::bigint,
        sum(each.open_minutes)::bigint,
        sum(each.new_customers)::bigint,
        sum(each.returning_customers)::bigint,
        sum(each.units)::bigint,
        sum(each.sold_minor)::bigint,
        sum(each.tax_minor)::bigint,
        sum(each.captured_minor)::bigint,
        sum(each.refunded_minor)::bigint,
        sum(each.disputed_minor)::bigint,
        sum(each.gift_cards_minor)::bigint
    from insight.all_days as each
    where each.subject = 'business' and each.day between sum_businesses.from_on and sum_businesses.to_on
    group by each.business_id, each.currency;
end;
$$;

/*
 * Return every business with its figures since it began, for the platform's staff; nobody else gets
 * a row.
 * Definer: as insight.platform_dashboard.
 */
create function insight.business_totals()
returns table (
    id uuid, name text, slug text, status business.business_status, created_at timestamptz,
    members bigint, customers bigint, bookings bigint, completed bigint, money jsonb
)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    if not private.is_operator() and not private.is_platform_staff('support') then
        return;
    end if;
    return query
    with sums as materialized (
        select each.*
        from insight.sum_businesses('-infinity', 'infinity') as each
    )

    select
        businesses.id,
        businesses.name,
        businesses.slug,
        businesses.status,
        businesses.created_at,
        (
            select count(*)
            from business.business_members
            where business_members.business_id = businesses.id
        ),
        (
            select count(*)
            from customers.customers
            where customers.business_id = businesses.id and customers.merged_into_id is null
        ),
        coalesce(totals.bookings, 0)::bigint,
        coalesce(totals.completed, 0)::bigint,
        insight.money_of(totals.days)
    from business.businesses
    left join (
        select
            sums.business_id,
            sum(insight.bookings_of(sums::insight.days)) as bookings,
            sum(sums.completed) as completed,
            array_agg(sums::insight.days) as days
        from sums
        group by sums.business_id
    ) as totals on totals.business_id = businesses.id;
end;
$$;
