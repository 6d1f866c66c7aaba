-- The parts of a business beside each other, and its days one by one.

/*
 * Return how many bookings a row counts that are neither held nor expired.
 */
create function insight.bookings_of(figures insight.days)
returns bigint
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        (figures).pending_payment + (figures).pending + (figures).confirmed
        + (figures).checked_in + (figures).completed + (figures).cancelled
        + (figures).rejected + (figures).no_show;
end;

/*
 * Return how a part of a business is called.
 */
create function insight.name_of(subject insight.subject, subject_id text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case subject
        when 'service' then (
            select services.name from catalog.services where services.id = subject_id::uuid
        )
        when 'resource' then (
            select resources.name from catalog.resources where resources.id = subject_id::uuid
        )
        when 'product' then (
            select products.name from catalog.products where products.id = subject_id::uuid
        )
        else subject_id
    end;
end;
$$;

/*
 * Rank the parts of a business of one kind in each currency by what they sold from a day on; those
 * that sold as much by bookings, units and id. `before` is what they did on earlier days.
 */
create function insight.rank_parts(days insight.days[], subject insight.subject, from_on date)
returns table (
    currency text, rank bigint, subject_id text, sold_minor bigint, bookings bigint, units bigint,
    before jsonb
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        sums.currency,
        row_number() over (
            partition by sums.currency
            order by sums.sold_minor desc, sums.bookings desc, sums.units desc, sums.subject_id
        ),
        sums.subject_id,
        sums.sold_minor,
        sums.bookings,
        sums.units,
        sums.before
    from (
        select
            each.currency,
            each.subject_id,
            coalesce(sum(each.sold_minor) filter (where each.day >= from_on), 0)::bigint,
            coalesce(sum(insight.bookings_of(each)) filter (where each.day >= from_on), 0)::bigint,
            coalesce(sum(each.units) filter (where each.day >= from_on), 0)::bigint,
            jsonb_build_object(
                'sold_minor',
                coalesce(sum(each.sold_minor) filter (where each.day < from_on), 0),
                'bookings',
                coalesce(sum(insight.bookings_of(each)) filter (where each.day < from_on), 0),
                'units', coalesce(sum(each.units) filter (where each.day < from_on), 0)
            )
        from unnest(days) as each
        where each.subject = rank_parts.subject and each.currency <> 'XXX'
        group by each.currency, each.subject_id
    ) as sums (currency, subject_id, sold_minor, bookings, units, before)
    where sums.sold_minor <> 0 or sums.bookings <> 0 or sums.units <> 0;
end;
$$;

/*
 * Return the first ten parts of a business of one kind in each currency (insight.rank_parts).
 */
create function insight.top_of(days insight.days[], subject insight.subject, from_on date)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'id', ranked.subject_id,
                    'name', insight.name_of(top_of.subject, ranked.subject_id),
                    'currency', ranked.currency,
                    'rank', ranked.rank,
                    'sold_minor', ranked.sold_minor,
                    'bookings', ranked.bookings,
                    'units', ranked.units,
                    'before', ranked.before
                )
                order by ranked.currency, ranked.rank
            ),
            '[]'
        )
        from insight.rank_parts(days, top_of.subject, from_on) as ranked
        where ranked.rank <= 10
    );
end;
$$;

/*
 * Return a period day by day: bookings that start, and money by currency.
 */
create function insight.series_of(days insight.days[], from_on date, to_on date)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_agg(
            jsonb_build_object(
                'day', dates.at::date,
                'bookings', coalesce(figures.bookings, 0),
                'money', coalesce(figures.money, '[]')
            )
            order by dates.at
        )
        from generate_series(from_on, to_on, interval '1 day') as dates (at)
        left join (
            select
                each.day,
                sum(insight.bookings_of(each))::bigint as bookings,
                jsonb_agg(
                    jsonb_build_object(
                        'currency', each.currency,
                        'sold_minor', each.sold_minor,
                        'revenue_minor',
                        each.captured_minor - each.refunded_minor - each.disputed_minor
                        - each.gift_cards_minor
                    )
                    order by each.currency
                ) filter (where each.currency <> 'XXX') as money
            from unnest(days) as each
            where each.subject = 'business'
            group by each.day
        ) as figures on figures.day = dates.at::date
    );
end;
$$;
