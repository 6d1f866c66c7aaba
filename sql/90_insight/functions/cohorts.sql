-- Customers by the month in which they first bought.

/*
 * Return how many customers of each month came back in each month since, of some businesses; null:
 * of all. A customer is an account, or an e-mail address or a phone number without one.
 */
create function insight.count_cohorts(business_ids uuid[])
returns table (
    business_id uuid, cohort date, month_number integer, customers bigint, cohort_size bigint
)
language sql
stable
security invoker
set search_path = ''
as $$
    with bought as (
        select distinct
            sales.business_id,
            coalesce(
                sales.customer_id::text, lower(sales.customer_email), sales.customer_phone
            ) as customer,
            date_trunc('month', sales.placed_at at time zone businesses.time_zone)::date as month
        from sales.sales
        inner join business.businesses on businesses.id = sales.business_id
        where
            num_nonnulls(sales.customer_id, sales.customer_email, sales.customer_phone) > 0
            and (business_ids is null or sales.business_id = any(business_ids))
    ),

    firsts as (
        select
            bought.*,
            min(bought.month) over (partition by bought.business_id, bought.customer) as cohort
        from bought
    ),

    counted as (
        select
            firsts.business_id,
            firsts.cohort,
            (
                extract(year from age(firsts.month, firsts.cohort)) * 12
                + extract(month from age(firsts.month, firsts.cohort))
            )::integer as month_number,
            count(*) as customers
        from firsts
        group by 1, 2, 3
    )

    select
        counted.business_id,
        counted.cohort,
        counted.month_number,
        counted.customers,
        first_value(counted.customers) over (
            partition by counted.business_id, counted.cohort order by counted.month_number
        )
    from counted
$$;

/*
 * Return the cohorts of all businesses.
 * Definer: analysts read the result, which has no persons, and not the rows below it.
 */
create function insight.customer_cohorts()
returns table (
    business_id uuid, cohort date, month_number integer, customers bigint, cohort_size bigint
)
language sql
stable
security definer
set search_path = ''
begin atomic
    select counted.* from insight.count_cohorts(null) as counted;
end;

/*
 * Return the businesses whose figures the caller may read: those that they manage or account for.
 */
create function insight.my_businesses()
returns uuid[]
language sql
stable
security invoker
set search_path = ''
begin atomic
    select array(
        select private.my_businesses('manage') as id
        union
        select private.my_businesses('account')
    );
end;

/*
 * Return the cohorts of the caller's businesses.
 * Definer: figures are of all rows of a business, whichever of them the caller may read.
 */
create function insight.my_cohorts()
returns table (
    business_id uuid, cohort date, month_number integer, customers bigint, cohort_size bigint
)
language sql
stable
security definer
set search_path = ''
begin atomic
    select counted.* from insight.count_cohorts(insight.my_businesses()) as counted;
end;
