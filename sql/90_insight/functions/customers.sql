-- How the rows of customers are counted (tables/values.sql). A sale is a customer's when it has
-- their account or, without one, an address or a number of theirs; of several the one who proved
-- the address, then the one found by the address, then the oldest. What merged customers bought is
-- of the one who stays. A sale that came to nothing, because all was cancelled or refunded, is no
-- purchase. Gift cards are none: they are spent later.

/*
 * Return the sales of a business with the customer who bought, at most one.
 */
create function insight.buyers(business_id uuid)
returns table (sale_id uuid, customer_id uuid)
language sql
stable
security invoker
set search_path = ''
as $$
    select distinct on (found.sale_id)
        found.sale_id,
        coalesce((found.customer).merged_into_id, (found.customer).id)
    from (
        select sales.id as sale_id, customers as customer, 1 as place
        from sales.sales
        inner join customers.customers
            on
                customers.business_id = sales.business_id
                and customers.user_id = sales.customer_id
        where sales.business_id = buyers.business_id
        union all
        select sales.id, customers, 2
        from sales.sales
        inner join customers.customers
            on
                customers.business_id = sales.business_id
                and lower(customers.email) = lower(sales.customer_email)
        where sales.business_id = buyers.business_id and sales.customer_id is null
        union all
        select sales.id, customers, 3
        from sales.sales
        inner join customers.customers
            on
                customers.business_id = sales.business_id
                and customers.phone = sales.customer_phone
        where sales.business_id = buyers.business_id and sales.customer_id is null
    ) as found
    order by
        found.sale_id,
        found.place = 2 and (found.customer).contact_verified_at is not null desc,
        found.place,
        (found.customer).created_at,
        (found.customer).id
$$;

/*
 * Return the purchases of the customers of a business until a day, each with its day in the zone
 * of the business and what it is worth in the currency of the business.
 */
create function insight.purchases(business_id uuid, until_on date)
returns table (customer_id uuid, day date, value_minor bigint)
language sql
stable
security invoker
set search_path = ''
as $$
    select
        buyers.customer_id,
        (sales.placed_at at time zone businesses.time_zone)::date,
        case when sales.currency = businesses.currency then worth.total_minor else 0 end
    from insight.buyers(purchases.business_id) as buyers
    inner join sales.sales on sales.id = buyers.sale_id
    inner join business.businesses on businesses.id = sales.business_id
    inner join (
        select
            sale_lines.sale_id,
            -- sales.line_total, written out: a call for each line takes longer than the rest.
            sum(
                sale_lines.amount_minor - sale_lines.discount_minor
                + case when sale_lines.tax_is_included then 0 else sale_lines.tax_minor end
            )::bigint as total_minor
        from sales.sale_lines
        where
            sale_lines.business_id = purchases.business_id and sale_lines.kind <> 'gift_card'
        group by sale_lines.sale_id
    ) as worth on worth.sale_id = sales.id
    where
        worth.total_minor > 0
        and (sales.placed_at at time zone businesses.time_zone)::date <= until_on
$$;

/*
 * Count the customers of a business again, until yesterday. What a model expected of a customer
 * stays until the model is fitted again. Returns how many customers there are.
 * Definer: called by the worker, which has no access to the tables.
 */
create function insight.count_customer_values(business_id uuid)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_day constant date = (
        private.now() at time zone business.time_zone(count_customer_values.business_id)
    )::date - 1;
    v_count integer;
begin
    perform pg_advisory_xact_lock(
        hashtextextended('insight.customer_values ' || count_customer_values.business_id, 0)
    );
    delete from insight.customer_values
    where
        customer_values.business_id = count_customer_values.business_id
        and customer_values.customer_id not in (
            select bought.customer_id
            from insight.purchases(count_customer_values.business_id, v_day) as bought
        );
    insert into insight.customer_values (
        business_id, customer_id, counted_on, first_on, last_on, purchases, currency, value_minor
    )
    select
        businesses.id,
        bought.customer_id,
        v_day,
        min(bought.day),
        max(bought.day),
        count(distinct bought.day),
        businesses.currency,
        sum(bought.value_minor)
    from insight.purchases(count_customer_values.business_id, v_day) as bought
    inner join business.businesses on businesses.id = count_customer_values.business_id
    group by businesses.id, businesses.currency, bought.customer_id
    on conflict on constraint customer_values_pkey do update set
        counted_on = excluded.counted_on,
        first_on = excluded.first_on,
        last_on = excluded.last_on,
        purchases = excluded.purchases,
        currency = excluded.currency,
        value_minor = excluded.value_minor;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

/*
 * Return the segment of a customer by the scores of recency and frequency, each from 1 to 5. Each
 * of the 25 pairs is in one segment.
 */
create function insight.segment_of(recency integer, frequency integer)
returns text
language sql
immutable
security invoker
set search_path = ''
as $$
    select case
        when recency >= 4 and frequency >= 4 then 'champions'
        when recency >= 4 and frequency >= 2 then 'potential_loyalists'
        when recency = 5 then 'new'
        when recency = 4 then 'promising'
        when recency = 3 and frequency >= 4 then 'loyal'
        when recency = 3 and frequency = 3 then 'needs_attention'
        when recency = 3 then 'about_to_sleep'
        when frequency = 5 then 'cannot_lose'
        when frequency >= 3 then 'at_risk'
        else 'hibernating'
    end
$$;
