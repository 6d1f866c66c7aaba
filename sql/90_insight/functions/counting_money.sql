-- How the money of days is counted: what was sold, and what the ledger took in and gave back.

/*
 * Return the sales of which lines were written on some days, with who took the first step of the
 * booking or the order; null of neither.
 */
create function insight.sales_on(business_id uuid, spans insight.span[])
returns table (sale_id uuid, actor scheduling.actor_kind)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select distinct
        revisions.sale_id,
        coalesce(booked.actor, ordered.actor)
    from unnest(spans) as span
    inner join sales.sale_revisions as revisions
        on
            revisions.business_id = sales_on.business_id
            and revisions.at >= span.from_at
            and revisions.at < span.until_at
    left join scheduling.bookings
        on
            bookings.business_id = sales_on.business_id
            and bookings.sale_id = revisions.sale_id
    left join lateral (
        select booking_history.actor
        from scheduling.booking_history
        where
            booking_history.business_id = sales_on.business_id
            and booking_history.booking_id = bookings.id
        order by booking_history.id
        limit 1
    ) as booked on true
    left join commerce.orders
        on orders.business_id = sales_on.business_id and orders.sale_id = revisions.sale_id
    left join lateral (
        select order_history.actor
        from commerce.order_history
        where
            order_history.business_id = sales_on.business_id
            and order_history.order_id = orders.id
        order by order_history.id
        limit 1
    ) as ordered on true;
end;
$$;

/*
 * Return the lines that were written on some days, by what they sold, who provided it and who took
 * the first step of their booking or order. A line counts by the instant of its revision, so a
 * correction counts on its own day. Units are those that were agreed or added, before returns.
 */
create function insight.lines_on(business_id uuid, spans insight.span[])
returns table (
    day date, currency text, actor scheduling.actor_kind, service_id uuid, resource_id uuid,
    product_id uuid, units bigint, sold_minor bigint, tax_minor bigint
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        span.day,
        sales.currency,
        sold.actor,
        sale_lines.service_id,
        booking_items.resource_id,
        product_variants.product_id,
        coalesce(sum(sale_lines.quantity) filter (
            where sale_lines.corrects_line_id is null and sale_lines.amount_minor >= 0
        ), 0)::bigint,
        -- sales.line_total, written out: a call for each line takes longer than the rest.
        sum(
            sale_lines.amount_minor - sale_lines.discount_minor
            + case when sale_lines.tax_is_included then 0 else sale_lines.tax_minor end
        )::bigint,
        sum(sale_lines.tax_minor)::bigint
    from unnest(spans) as span
    inner join sales.sale_revisions as revisions
        on
            revisions.business_id = lines_on.business_id
            and revisions.at >= span.from_at
            and revisions.at < span.until_at
    inner join sales.sales
        on sales.business_id = revisions.business_id and sales.id = revisions.sale_id
    inner join sales.sale_lines
        on
            sale_lines.business_id = revisions.business_id
            and sale_lines.sale_id = revisions.sale_id
            and sale_lines.revision = revisions.revision
    left join scheduling.booking_items
        on
            booking_items.business_id = sale_lines.business_id
            and booking_items.sale_line_id = coalesce(sale_lines.corrects_line_id, sale_lines.id)
    left join insight.sales_on(lines_on.business_id, spans) as sold on sold.sale_id = sales.id
    left join catalog.product_variants on product_variants.id = sale_lines.variant_id
    where sale_lines.kind <> 'gift_card'
    group by 1, 2, 3, 4, 5, 6;
end;
$$;

/*
 * Count what was sold on some days, for the business, its channels, services, resources and
 * products. Gift cards are no sales: they are owed until somebody spends them.
 */
create function insight.count_sales(business_id uuid, spans insight.span[])
returns setof insight.figure
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        lines.day,
        subjects.subject,
        subjects.subject_id,
        lines.currency,
        measures.measure,
        sum(measures.amount)::bigint
    from insight.lines_on(count_sales.business_id, spans) as lines
    cross join lateral (
        values
        ('business'::insight.subject, ''),
        ('channel', insight.channel_of(lines.actor)),
        ('service', lines.service_id::text),
        ('resource', lines.resource_id::text),
        ('product', lines.product_id::text)
    ) as subjects (subject, subject_id)
    cross join lateral (
        values
        ('units'::insight.measure, lines.units),
        ('sold_minor', lines.sold_minor),
        ('tax_minor', lines.tax_minor)
    ) as measures (measure, amount)
    where
        subjects.subject_id is not null
        and (measures.measure <> 'units' or subjects.subject = 'product')
    group by 1, 2, 3, 4, 5;
end;
$$;

/*
 * Add up what the ledger took in and gave back for a business on some days.
 */
create function insight.count_takings(business_id uuid, spans insight.span[])
returns setof insight.figure
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        span.day,
        'business'::insight.subject,
        '',
        takings.currency,
        (takings.kind::text || '_minor')::insight.measure,
        sum(takings.amount_minor)::bigint
    from unnest(spans) as span
    inner join insight.takings
        on
            takings.business_id = count_takings.business_id
            and takings.at >= span.from_at
            and takings.at < span.until_at
    group by 1, 4, 5;
end;
$$;
