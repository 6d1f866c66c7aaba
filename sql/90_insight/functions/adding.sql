-- The figures of a page: what an owner, and the platform, sees of a period.

/*
 * Return a share in basis points, rounded half up; null of nothing.
 */
create function insight.share_bps(part numeric, whole numeric)
returns integer
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select round(10000 * part / nullif(whole, 0))::integer;
end;

/*
 * Add up days: one row for each part of a business and currency, with `day` for its own.
 */
create function insight.sum_days(days insight.days[], day date)
returns setof insight.days
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        (array_agg(each.business_id))[1],
        sum_days.day,
        each.subject,
        each.subject_id,
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
    from unnest(days) as each
    group by each.subject, each.subject_id, each.currency;
end;
$$;

/*
 * Return the money of some days, a row for each currency: what was sold, and what came in and went
 * out.
 */
create function insight.money_of(days insight.days[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(jsonb_agg(to_jsonb(money) order by money.currency), '[]')
        from (
            select
                each.currency,
                sum(each.sold_minor)::bigint as sold_minor,
                sum(each.tax_minor)::bigint as tax_minor,
                sum(each.captured_minor)::bigint as captured_minor,
                sum(each.refunded_minor)::bigint as refunded_minor,
                sum(each.disputed_minor)::bigint as disputed_minor,
                sum(each.gift_cards_minor)::bigint as gift_cards_minor,
                sum(
                    each.captured_minor - each.refunded_minor - each.disputed_minor
                    - each.gift_cards_minor
                )::bigint as revenue_minor
            from unnest(days) as each
            where each.currency <> 'XXX' and each.subject = 'business'
            group by each.currency
        ) as money
    );
end;
$$;

/*
 * Return the bookings, rates and customers of some days, in all currencies.
 */
create function insight.counts_of(days insight.days[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        with sums as (
            select
                coalesce(sum(each.held), 0) as held,
                coalesce(sum(each.pending_payment), 0) as pending_payment,
                coalesce(sum(each.pending), 0) as pending,
                coalesce(sum(each.confirmed), 0) as confirmed,
                coalesce(sum(each.checked_in), 0) as checked_in,
                coalesce(sum(each.completed), 0) as completed,
                coalesce(sum(each.cancelled), 0) as cancelled,
                coalesce(sum(each.rejected), 0) as rejected,
                coalesce(sum(each.no_show), 0) as no_show,
                coalesce(sum(each.expired), 0) as expired,
                coalesce(sum(each.lead_minutes), 0) as lead_minutes,
                coalesce(sum(each.booked_minutes), 0) as booked_minutes,
                coalesce(sum(each.open_minutes), 0) as open_minutes,
                coalesce(sum(each.new_customers), 0) as new_customers,
                coalesce(sum(each.returning_customers), 0) as returning_customers
            from unnest(days) as each
            where each.subject = 'business'
        ),

        made as (
            select
                sums.*,
                sums.pending_payment + sums.pending + sums.confirmed + sums.checked_in
                + sums.completed + sums.cancelled + sums.rejected + sums.no_show as bookings
            from sums
        )

        select jsonb_build_object(
            'bookings', made.bookings,
            'by_status', jsonb_build_object(
                'held', made.held, 'pending_payment', made.pending_payment, 'pending', made.pending,
                'confirmed', made.confirmed, 'checked_in', made.checked_in,
                'completed', made.completed, 'cancelled', made.cancelled,
                'rejected', made.rejected, 'no_show', made.no_show, 'expired', made.expired
            ),
            'cancellation_bps', insight.share_bps(made.cancelled, made.bookings),
            'no_show_bps', insight.share_bps(made.no_show, made.completed + made.no_show),
            'lead_minutes', round(made.lead_minutes / nullif(made.bookings, 0)),
            'booked_minutes', made.booked_minutes,
            'open_minutes', made.open_minutes,
            'utilisation_bps', insight.share_bps(made.booked_minutes, made.open_minutes),
            'new_customers', made.new_customers,
            'returning_customers', made.returning_customers
        )
        from made
    );
end;
$$;

/*
 * Return the figures of some days: counts, and the money by currency.
 */
create function insight.figures_of(days insight.days[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select insight.counts_of(days) || jsonb_build_object('money', insight.money_of(days))
    );
end;
$$;
