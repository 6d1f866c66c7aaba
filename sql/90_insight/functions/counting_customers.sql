-- How the customers of days are counted. A customer is an account or, without one, an e-mail
-- address or, without that, a phone number.

/*
 * Return the customers who bought on some days, each once a day.
 */
create function insight.customers_on(business_id uuid, spans insight.span[])
returns table (day date, from_at timestamptz, customer_id uuid, email text, phone text)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select distinct
        span.day,
        span.from_at,
        sales.customer_id,
        case when sales.customer_id is null then lower(sales.customer_email) end,
        case
            when sales.customer_id is null and sales.customer_email is null
                then sales.customer_phone
        end
    from unnest(spans) as span
    inner join sales.sales
        on
            sales.business_id = customers_on.business_id
            and sales.placed_at >= span.from_at
            and sales.placed_at < span.until_at
    where num_nonnulls(sales.customer_id, sales.customer_email, sales.customer_phone) > 0;
end;
$$;

/*
 * Count the customers who bought on some days: new ones, whose first purchase it is, and returning
 * ones, who had bought on an earlier day.
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
    select
        customers.day,
        'business'::insight.subject,
        '',
        'XXX',
        case when earlier.is_there then 'returning_customers' else 'new_customers' end
        ::insight.measure,
        count(*)
    from insight.customers_on(count_customers.business_id, spans) as customers
    cross join lateral (
        select case
            when customers.customer_id is not null then exists (
                select 1
                from sales.sales
                where
                    sales.customer_id = customers.customer_id
                    and sales.business_id = count_customers.business_id
                    and sales.placed_at < customers.from_at
            )
            when customers.email is not null then exists (
                select 1
                from sales.sales
                where
                    sales.customer_id is null
                    and lower(sales.customer_email) = customers.email
                    and sales.business_id = count_customers.business_id
                    and sales.placed_at < customers.from_at
            )
            else exists (
                select 1
                from sales.sales
                where
                    sales.customer_id is null
                    and sales.customer_email is null
                    and sales.customer_phone = customers.phone
                    and sales.business_id = count_customers.business_id
                    and sales.placed_at < customers.from_at
            )
        end as is_there
    ) as earlier
    group by 1, 5;
end;
$$;
