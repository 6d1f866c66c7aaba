-- How the money and the customers of days are counted.

/*
 * Count what was sold on some days: the lines of sales by the instant of their revision, so a
 * correction counts on its own day. Gift cards are none: they are owed until somebody spends them.
 * Units are those that were agreed or added, before returns.
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
    with lines as materialized (
        select
            span.day,
            sales.currency,
            insight.channel_of(coalesce(booked.actor, ordered.actor)) as channel,
            sale_lines.service_id,
            booking_items.resource_id,
            product_variants.product_id,
            sum(
                case
                    when sale_lines.corrects_line_id is null and sale_lines.amount_minor >= 0
                        then sale_lines.quantity
                    else 0
                end
            ) as units,
            -- sales.line_total, written out: a call for each line takes longer than the rest.
            sum(
                sale_lines.amount_minor - sale_lines.discount_minor
                + case when sale_lines.tax_is_included then 0 else sale_lines.tax_minor end
            ) as sold_minor,
            sum(sale_lines.tax_minor) as tax_minor
        from unnest(spans) as span
        inner join sales.sale_revisions
            on
                sale_revisions.business_id = count_sales.business_id
                and sale_revisions.at >= span.from_at
                and sale_revisions.at < span.until_at
        inner join sales.sales
            on
                sales.business_id = sale_revisions.business_id
                and sales.id = sale_revisions.sale_id
        inner join sales.sale_lines
            on
                sale_lines.business_id = sale_revisions.business_id
                and sale_lines.sale_id = sale_revisions.sale_id
                and sale_lines.revision = sale_revisions.revision
        left join scheduling.booking_items
            on
                booking_items.business_id = sale_lines.business_id
                and booking_items.sale_line_id
                = coalesce(sale_lines.corrects_line_id, sale_lines.id)
        left join catalog.product_variants
            on
                product_variants.business_id = sale_lines.business_id
                and product_variants.id = sale_lines.variant_id
        left join lateral (
            select booking_history.actor
            from scheduling.bookings
            inner join scheduling.booking_history
                on
                    booking_history.business_id = bookings.business_id
                    and booking_history.booking_id = bookings.id
            where bookings.business_id = sales.business_id and bookings.sale_id = sales.id
            order by booking_history.id
            limit 1
        ) as booked on true
        left join lateral (
            select order_history.actor
            from commerce.orders
            inner join commerce.order_history
                on
                    order_history.business_id = orders.business_id
                    and order_history.order_id = orders.id
            where orders.business_id = sales.business_id and orders.sale_id = sales.id
            order by order_history.id
            limit 1
        ) as ordered on true
        where sale_lines.kind <> 'gift_card'
        group by 1, 2, 3, 4, 5, 6
    )

    select
        lines.day,
        subjects.subject,
        subjects.subject_id,
        lines.currency,
        measures.measure,
        sum(measures.amount)::bigint
    from lines
    cross join lateral (
        values
        ('business'::insight.subject, ''),
        ('channel', lines.channel),
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

/*
 * Count the customers who bought on some days, each once a day: new ones, whose first purchase it
 * is, and returning ones, who had bought on an earlier day.
 */
create function insight.count_customers(business_id uuid, spans insight.span[])
returns setof insight.figure
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with customers as materialized (
        select distinct
            span.day,
            span.from_at,
            sales.customer_id,
            case when sales.customer_id is null then lower(sales.customer_email) end as email,
            case
                when sales.customer_id is null and sales.customer_email is null
                    then sales.customer_phone
            end as phone
        from unnest(spans) as span
        inner join sales.sales
            on
                sales.business_id = count_customers.business_id
                and sales.placed_at >= span.from_at
                and sales.placed_at < span.until_at
        where num_nonnulls(sales.customer_id, sales.customer_email, sales.customer_phone) > 0
    )

    select
        customers.day,
        'business'::insight.subject,
        '',
        'XXX',
        case
            when customers.customer_id is not null and exists (
                select 1
                from sales.sales
                where
                    sales.customer_id = customers.customer_id
                    and sales.business_id = count_customers.business_id
                    and sales.placed_at < customers.from_at
            ) then 'returning_customers'
            when customers.email is not null and exists (
                select 1
                from sales.sales
                where
                    sales.customer_id is null
                    and lower(sales.customer_email) = customers.email
                    and sales.business_id = count_customers.business_id
                    and sales.placed_at < customers.from_at
            ) then 'returning_customers'
            when customers.phone is not null and exists (
                select 1
                from sales.sales
                where
                    sales.customer_id is null
                    and sales.customer_email is null
                    and sales.customer_phone = customers.phone
                    and sales.business_id = count_customers.business_id
                    and sales.placed_at < customers.from_at
            ) then 'returning_customers'
            else 'new_customers'
        end::insight.measure,
        count(*)
    from customers
    group by 1, 5;
end;
$$;
