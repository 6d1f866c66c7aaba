-- How the customers of days are counted.

/*
 * Did a customer buy from a business before an instant? The customer is an account or, without one,
 * an e-mail address or, without that, a phone number.
 */
create function insight.bought_before(
    business_id uuid, customer_id uuid, email text, phone text, before_at timestamptz
)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case
        when customer_id is not null then exists (
            select 1
            from sales.sales
            where
                sales.customer_id = bought_before.customer_id
                and sales.business_id = bought_before.business_id
                and sales.placed_at < before_at
        )
        when email is not null then exists (
            select 1
            from sales.sales
            where
                sales.customer_id is null
                and lower(sales.customer_email) = lower(bought_before.email)
                and sales.business_id = bought_before.business_id
                and sales.placed_at < before_at
        )
        else exists (
            select 1
            from sales.sales
            where
                sales.customer_id is null
                and sales.customer_email is null
                and sales.customer_phone = bought_before.phone
                and sales.business_id = bought_before.business_id
                and sales.placed_at < before_at
        )
    end;
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
    select
        customers.day,
        'business'::insight.subject,
        '',
        'XXX',
        case
            when insight.bought_before(
                count_customers.business_id, customers.customer_id, customers.email,
                customers.phone, customers.from_at
            ) then 'returning_customers'
            else 'new_customers'
        end::insight.measure,
        count(*)
    from (
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
    ) as customers
    group by 1, 5;
end;
$$;
