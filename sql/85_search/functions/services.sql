-- Which services of a candidate have time. scheduling.vacancies decides it, at half a millisecond a
-- service and day, so a cheaper question comes first. It says no only where scheduling.vacancies
-- would find nothing.

/*
 * Return the services of a business that fit the criteria and have, in the period, a session or a
 * resource with a gap that is long enough. It does not look at hours. First come services that the
 * caller had before, then those that the words name, then the business's order.
 */
create function search.services(business_id uuid, criteria search.criteria, known uuid[])
returns setof catalog.services
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set jit = 'off'
as $$
declare
    v_now timestamptz = private.now();
    v_own_words tsvector = (
        select ts_filter(documents.words, '{a,d}')
        from search.documents
        where documents.business_id = services.business_id
    );
begin
    return query
    with gaps as materialized (
        select
            resources.id,
            resources.capacity,
            lower(gap) as starts_at,
            upper(gap) as ends_at
        from catalog.resources
        cross join lateral (
            select range_agg(allocations.during) as during
            from scheduling.allocations
            where
                allocations.resource_id = resources.id
                and resources.capacity = 1
                and allocations.is_blocking
                and allocations.during && criteria.during
                and (allocations.expires_at is null or allocations.expires_at > v_now)
        ) as taken
        cross join lateral unnest(
            '{(,)}'::tstzmultirange - coalesce(taken.during, '{}')
        ) as gap
        where resources.business_id = services.business_id and resources.is_active
    )

    select offered.*
    from catalog.services as offered
    left join catalog.service_categories on service_categories.id = offered.category_id
    cross join lateral (
        select
            search.to_vector(offered.name, 'B') || search.to_vector(service_categories.name, 'C') as words
    ) as named
    where
        offered.business_id = services.business_id
        and offered.is_active
        and offered.archived_at is null
        and offered.visibility = 'public'
        and (criteria.price_max is null or offered.price_minor <= criteria.price_max)
        and (criteria.currency is null or offered.currency = criteria.currency)
        and (criteria.category is null or search.slug(service_categories.name) = criteria.category)
        and (criteria.words is null or (named.words || v_own_words) @@ criteria.words)
        and case
            when offered.is_class then exists (
                select 1
                from scheduling.sessions
                where
                    sessions.business_id = services.business_id
                    and sessions.service_id = offered.id
                    and sessions.starts_at >= lower(criteria.during)
                    and sessions.starts_at < upper(criteria.during)
            )
            else exists (
                select 1
                from catalog.service_resources
                inner join gaps on gaps.id = service_resources.resource_id
                cross join lateral (
                    select
                        greatest(
                            lower(criteria.during),
                            gaps.starts_at + make_interval(mins => offered.buffer_before_minutes)
                        ) as starts_at
                ) as first
                where
                    service_resources.service_id = offered.id
                    and first.starts_at < upper(criteria.during)
                    and (
                        gaps.ends_at is null
                        or first.starts_at + make_interval(
                            mins => offered.duration_minutes + offered.buffer_after_minutes
                        ) <= gaps.ends_at
                    )
            )
        end
    order by
        offered.id = any(known) desc,
        case when criteria.words is not null then ts_rank(named.words, criteria.words) end desc,
        offered.position,
        offered.name,
        offered.id;
end;
$$;
