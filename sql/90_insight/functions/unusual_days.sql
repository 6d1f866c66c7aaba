-- Days that are unlike the same weekday before.

/*
 * Return the figures of a day of a business and of the same weekday in the twelve weeks before, as
 * far as they are counted.
 */
create function insight.same_weekdays(business_id uuid, day date)
returns table (measure text, currency text, day_of date, amount bigint)
language sql
stable
security invoker
set search_path = ''
as $$
    with figures as (
        select
            days.day,
            days.currency,
            measured.measure,
            measured.amount
        from insight.days
        cross join lateral (
            values
            ('bookings', days.confirmed + days.checked_in + days.completed + days.no_show),
            ('cancelled', days.cancelled),
            ('no_show', days.no_show),
            ('sold_minor', days.sold_minor),
            ('refunded_minor', days.refunded_minor)
        ) as measured (measure, amount)
        where
            days.business_id = same_weekdays.business_id
            and days.subject = 'business'
            -- XXX has what has no currency, such as minutes. It is not judged here.
            and days.currency <> 'XXX'
            and days.day > same_weekdays.day - 91
            and days.day <= same_weekdays.day
    )

    select
        kinds.measure,
        kinds.currency,
        kept_days.day,
        coalesce(figures.amount, 0) as amount
    from (select distinct figures.measure, figures.currency from figures) as kinds
    inner join insight.kept_days
        on
            kept_days.business_id = same_weekdays.business_id
            and kept_days.day = any(
                array(select same_weekdays.day - 7 * ago from generate_series(0, 12) as ago)
            )
    left join figures
        on
            figures.measure = kinds.measure
            and figures.currency = kinds.currency
            and figures.day = kept_days.day
$$;

/*
 * Return what was unusual on a day of a business: figures whose robust z-score is beyond 3.5, among
 * at least eight of the twelve same weekdays before it. The score is 0.6745 (x - median) / MAD; the
 * MAD, the median distance from the median, counts as at least a tenth of the median and as 1, so
 * that a figure that never changes does not make the least change unusual.
 * Source: B. Iglewicz and D. Hoaglin, How to Detect and Handle Outliers, 1993.
 */
create function insight.unusual_on(business_id uuid, day date)
returns table (
    measure text, currency text, amount bigint, usual double precision, score double precision
)
language sql
stable
security invoker
set search_path = ''
as $$
    with weeks as (
        select same.*
        from insight.same_weekdays(unusual_on.business_id, unusual_on.day) as same
    ),

    usual as (
        select
            weeks.measure,
            weeks.currency,
            percentile_cont(0.5) within group (order by weeks.amount) as median
        from weeks
        where weeks.day_of < unusual_on.day
        group by weeks.measure, weeks.currency
        having count(*) >= 8
    )

    select scored.*
    from (
        select
            usual.measure,
            usual.currency,
            max(weeks.amount) filter (where weeks.day_of = unusual_on.day) as amount,
            usual.median,
            0.6745 * (max(weeks.amount) filter (where weeks.day_of = unusual_on.day) - usual.median)
            / greatest(
                percentile_cont(0.5) within group (order by abs(weeks.amount - usual.median))
                filter (where weeks.day_of < unusual_on.day),
                usual.median / 10,
                1
            ) as score
        from usual
        inner join weeks
            on weeks.measure = usual.measure and weeks.currency = usual.currency
        group by usual.measure, usual.currency, usual.median
    ) as scored
    where abs(scored.score) > 3.5
$$;

/*
 * Note what was unusual yesterday in each business, and announce each such day once. A day that the
 * worker has not counted yet waits for the next hour. Returns how many days were announced.
 * Definer: called by the worker, which has no access to the tables.
 */
create function insight.announce_unusual_days()
returns integer
language sql
volatile
security definer
set search_path = ''
as $$
    with noted as (
        insert into insight.unusual_days (
            business_id, day, measure, currency, amount, usual, score, announced_at
        )
        select
            kept_days.business_id,
            kept_days.day,
            unusual.measure,
            unusual.currency,
            unusual.amount,
            unusual.usual,
            unusual.score,
            private.now()
        from business.businesses
        inner join insight.kept_days
            on
                kept_days.business_id = businesses.id
                and kept_days.day
                = (private.now() at time zone businesses.time_zone)::date - 1
        cross join lateral insight.unusual_on(businesses.id, kept_days.day) as unusual
        where
            businesses.status = 'approved'
            and not exists (
                select 1
                from insight.unusual_days
                where
                    unusual_days.business_id = kept_days.business_id
                    and unusual_days.day = kept_days.day
            )
        on conflict on constraint unusual_days_pkey do nothing
        returning unusual_days.business_id, unusual_days.day
    ),

    told as (
        select
            private.emit(
                'day.unusual',
                jsonb_build_object(
                    'business_id', noted.business_id,
                    'day', noted.day,
                    'figures', count(*)
                )
            )
        from noted
        group by noted.business_id, noted.day
    )

    select count(*)::integer from told
$$;

/*
 * Return what a template may say of an unusual day.
 */
create function insight.day_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        jsonb_build_object(
            'business_id', businesses.id,
            'business_name', businesses.name,
            'business_email', businesses.email,
            'day', messages.payload ->> 'day',
            'figures', (messages.payload ->> 'figures')::integer
        )
    from unnest(day_data.messages) as messages
    inner join business.businesses on businesses.id = messages.subject_id;
end;
$$;

/*
 * Return the owners and managers of the businesses.
 */
create function insight.day_readers(messages private.subject_message[], audience text)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select readers.*
    from unnest(day_readers.messages) as messages
    cross join lateral
    business.manager_readers(messages.subject_id, messages.ordinal) as readers
    where audience = 'business';
end;
$$;
