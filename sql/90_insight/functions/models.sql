-- The two ends of the models of customers: what a worker reads, and the one write of its result.

/*
 * Announce each business whose customers and demand are due to be counted. Returns how many.
 * Definer: called by the worker, which has no access to the tables.
 */
create function insight.announce_outlooks()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
    v_count integer = 0;
begin
    for v_id in
        select businesses.id
        from business.businesses
        where businesses.status = 'approved'
        order by businesses.id
    loop
        perform private.emit('outlook.due', jsonb_build_object('business_id', v_id));
        v_count = v_count + 1;
    end loop;
    return v_count;
end;
$$;

/*
 * Return the history of each customer of a business: [{customer_id, days, mean_minor}]. days are
 * the days of their purchases counted back from the day of the count, from the first on; mean_minor
 * is what a day's purchases after the first are worth on average, null without one.
 * Definer: called by the worker, which has no access to the tables.
 */
create function insight.customer_histories(business_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    with counted as (
        select min(customer_values.counted_on) as day
        from insight.customer_values
        where customer_values.business_id = customer_histories.business_id
    ),

    daily as (
        select
            bought.customer_id,
            bought.day,
            sum(bought.value_minor) as value_minor,
            bought.day = min(bought.day) over (partition by bought.customer_id) as is_first
        from counted
        cross join lateral insight.purchases(
            customer_histories.business_id, counted.day
        ) as bought
        group by bought.customer_id, bought.day
    )

    select coalesce(jsonb_agg(histories order by histories.customer_id), '[]')
    from (
        select
            daily.customer_id,
            jsonb_agg(counted.day - daily.day order by daily.day) as days,
            avg(daily.value_minor) filter (where not daily.is_first) as mean_minor
        from daily
        cross join counted
        group by daily.customer_id
    ) as histories
$$;

/*
 * Keep what a model expects of the customers of a business, in one write: the run with its
 * parameters, and for each customer how alive they are (0 to 1), how many purchases are expected in
 * a year, and what one of them is worth. A null run says that no model fits.
 * Definer: called by the worker, which has no access to the tables.
 */
create function insight.keep_model(business_id uuid, run jsonb, customers jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    delete from insight.value_models
    where value_models.business_id = keep_model.business_id;
    if run is not null then
        insert into insight.value_models
        select fitted.*
        from jsonb_populate_record(
            null::insight.value_models,
            run || jsonb_build_object(
                'business_id', keep_model.business_id, 'fitted_at', private.now()
            )
        ) as fitted;
    end if;
    update insight.customer_values
    set
        alive_bps = round((expected.alive * 10000)::numeric),
        expected_purchases = expected.purchases,
        expected_minor = expected.minor
    from insight.customer_values as counted
    left join jsonb_to_recordset(customers) as expected (
        customer_id uuid, alive double precision, purchases double precision,
        minor double precision
    ) on expected.customer_id = counted.customer_id
    where
        counted.business_id = keep_model.business_id
        and customer_values.business_id = counted.business_id
        and customer_values.customer_id = counted.customer_id;
end;
$$;
