-- What can be booked in the caller's own turn on a waitlist: also the time that is held for them.

/*
 * Return the vacancies of a service, as scheduling.vacancies does, and those that the waitlist
 * holds for the caller, whose turn it is.
 * Definer: the caller does not read the holds.
 */
create function scheduling.vacancies_for_caller(
    service_id uuid,
    during tstzmultirange,
    resource_id uuid,
    party_size integer,
    minutes integer
)
returns setof scheduling.vacancy
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_offers scheduling.waitlist_offers[] = array(
        select offers
        from scheduling.open_offers(
            auth.uid(), vacancies_for_caller.service_id, vacancies_for_caller.resource_id
        ) as offers
        where vacancies_for_caller.during @> offers.starts_at
    );
begin
    return query
    select vacancies.*
    from scheduling.vacancies(service_id, during, resource_id, party_size, minutes) as vacancies
    where vacancies.at <> all(array(select offer.starts_at from unnest(v_offers) as offer));
    if v_offers = '{}' then
        return;
    end if;
    return query
    with held as materialized (
        select distinct on (held.at, held.pool, held.id, held.session_id) held.*
        from unnest(v_offers) as offer
        cross join lateral scheduling.vacancies(
            vacancies_for_caller.service_id,
            tstzmultirange(tstzrange(offer.starts_at, offer.starts_at, '[]')),
            vacancies_for_caller.resource_id,
            vacancies_for_caller.party_size,
            vacancies_for_caller.minutes,
            offer.booking_id
        ) as held
        order by held.at, held.pool, held.id, held.session_id, held.remaining desc
    )

    select held.*
    from held
    where not scheduling.passes_own_limit(service_id, held.id, held.at, minutes);
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
            null
        ) as limit_use
        where
            services.id = passes_own_limit.service_id
            and (limit_use.is_full or limit_use.minutes_left < passes_own_limit.minutes)
    );
end;
$$;
