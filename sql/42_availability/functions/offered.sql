-- What can be booked in the caller's own turn on a waitlist: also the time that is held for them.

/*
 * Return the vacancies of a leg in some periods, as scheduling.vacancies does, and those that the
 * waitlist holds for the caller, whose turn it is. `needs` is what the leg needs, if it is known.
 * Definer: the caller does not read the holds.
 */
create function scheduling.vacancies_for_caller(
    leg scheduling.leg, during tstzmultirange, needs scheduling.need[] default null
)
returns setof scheduling.vacancy
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_offers scheduling.waitlist_offers[] = '{}';
begin
    if auth.uid() is not null then
        v_offers = array(
            select offers
            from scheduling.open_offers(auth.uid(), leg.service_id, leg.resource_id) as offers
            where vacancies_for_caller.during @> offers.starts_at
        );
    end if;
    return query
    select vacancies.*
    from scheduling.vacancies(
        leg.service_id, during, leg.resource_id, leg.party_size, leg.minutes, null, needs
    ) as vacancies
    where
        vacancies.at <> all(array(select offer.starts_at from unnest(v_offers) as offer));
    if v_offers <> '{}' then
        return query
        select * from scheduling.held_vacancies(leg, v_offers);
    end if;
end;
$$;

/*
 * Return the vacancies of a leg at the starts of some offers, as if what they hold were free.
 */
create function scheduling.held_vacancies(
    leg scheduling.leg, offers scheduling.waitlist_offers[]
)
returns setof scheduling.vacancy
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with held as materialized (
        select distinct on (held.at, held.pool, held.id, held.session_id) held.*
        from unnest(offers) as offer
        cross join lateral scheduling.vacancies(
            leg.service_id,
            tstzmultirange(tstzrange(offer.starts_at, offer.starts_at, '[]')),
            leg.resource_id,
            leg.party_size,
            leg.minutes,
            offer.booking_id
        ) as held
        order by held.at, held.pool, held.id, held.session_id, held.remaining desc
    ),

    kept as materialized (
        select held.*
        from held
        where
            not scheduling.passes_own_limit(leg.service_id, held.id, held.at, leg.minutes)
    )

    -- A start is lost when nobody of one of its pools is left.
    select kept.*
    from kept
    where
        (select count(distinct others.pool) from kept as others where others.at = kept.at)
        = (select count(distinct others.pool) from held as others where others.at = kept.at);
end;
$$;

/*
 * Return whether one more booking of a service, with a resource at a start, passes a limit for
 * each customer of the caller. A hold without a customer is not the caller's yet, so
 * scheduling.vacancies does not check theirs.
 */
create function scheduling.passes_own_limit(
    service_id uuid, resource_id uuid, at timestamptz, minutes integer
)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_booker scheduling.booker = scheduling.booker_of(null);
begin
    return exists (
        select 1
        from catalog.services
        cross join lateral scheduling.limit_use(
            array(
                select rule
                from unnest(
                    scheduling.limits_of(
                        services.business_id, array[services.id],
                        array_remove(array[passes_own_limit.resource_id], null), v_booker
                    )
                ) as rule
                where rule.is_per_customer
            ),
            tstzrange(passes_own_limit.at, passes_own_limit.at, '[]'),
            v_booker,
            '{}'
        ) as limit_use
        where
            services.id = passes_own_limit.service_id
            and (limit_use.is_full or limit_use.minutes_left < passes_own_limit.minutes)
    );
end;
$$;
