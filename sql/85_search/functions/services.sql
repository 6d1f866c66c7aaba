-- Which services of a candidate fit the criteria and may have time. scheduling.vacancies decides
-- whether there is time and takes half a millisecond for each service and day. The cheaper question
-- here leaves out only services for which it would find nothing.
--
-- The steps are SQL functions without `set` clauses: the planner inlines them into the query of
-- search.services. The linter takes their parameters for columns and wants CTEs for laterals.
-- noqa: disable=RF01,RF02,RF03,LT02,ST05

/*
 * Return the gaps between the allocations of a business's active resources around a period. A
 * resource with room for several customers counts as one gap without an end.
 */
create function search.gaps(business_id uuid, during tstzrange, at timestamptz)
returns table (id uuid, starts_at timestamptz, ends_at timestamptz)
language sql
stable
security invoker
begin atomic
    select
        resources.id,
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
            and allocations.during && gaps.during
            and (allocations.expires_at is null or allocations.expires_at > gaps.at)
    ) as taken
    cross join lateral unnest(
        '{(,)}'::tstzmultirange - coalesce(taken.during, '{}')
    ) as gap
    where resources.business_id = gaps.business_id and resources.is_active;
end;

/*
 * Return whether a service can start in a period and lie in a gap together with its buffers.
 */
create function search.fits(
    service catalog.services,
    gap_starts_at timestamptz,
    gap_ends_at timestamptz,
    during tstzrange
)
returns boolean
language sql
stable
security invoker
begin atomic
    -- The earliest start stands here twice: the planner does not inline a query with a from clause.
    select
        greatest(
            lower(during),
            gap_starts_at + make_interval(mins => (service).buffer_before_minutes)
        ) < upper(during)
        and (
            gap_ends_at is null
            or greatest(
                lower(during),
                gap_starts_at + make_interval(mins => (service).buffer_before_minutes)
            ) + make_interval(
                mins => (service).duration_minutes + (service).buffer_after_minutes
            ) <= gap_ends_at
        );
end;

/*
 * Return the sessions of a class that start in a period.
 */
create function search.sessions_within(business_id uuid, service_id uuid, during tstzrange)
returns setof uuid
language sql
stable
security invoker
begin atomic
    select sessions.id
    from scheduling.sessions
    where
        sessions.business_id = sessions_within.business_id
        and sessions.service_id = sessions_within.service_id
        and sessions.starts_at >= lower(sessions_within.during)
        and sessions.starts_at < upper(sessions_within.during);
end;

/*
 * Return the words of a business itself, from its name and its description.
 */
create function search.own_words(business_id uuid)
returns tsvector
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select ts_filter(documents.words, '{a,d}')
        from search.documents
        where documents.business_id = own_words.business_id
    );
end;
$$;

/*
 * Return the public services of a business that fit the criteria, and how well their words match.
 * The words of the business itself (its name and description) match for each of its services.
 */
create function search.matching_services(
    business_id uuid,
    criteria search.criteria,
    own_words tsvector
)
returns table (service catalog.services, relevance real)
language sql
stable
security invoker
begin atomic
    select
        offered as service,
        case
            when (criteria).words is not null then ts_rank(named.words, (criteria).words)
        end as relevance
    from catalog.services as offered
    left join catalog.service_categories on offered.category_id = service_categories.id
    cross join lateral (
        select
            search.to_vector(offered.name, 'B')
            || search.to_vector(service_categories.name, 'C') as words
    ) as named
    where
        offered.business_id = matching_services.business_id
        and offered.is_active
        and offered.archived_at is null
        and offered.visibility = 'public'
        and ((criteria).price_max is null or offered.price_minor <= (criteria).price_max)
        and ((criteria).currency is null or offered.currency = (criteria).currency)
        and (
            (criteria).category is null
            or search.slug(service_categories.name) = (criteria).category
        )
        and ((criteria).words is null or (named.words || own_words) @@ (criteria).words);
end;

/*
 * Return the services of a business that fit the criteria and have, in its period, a session or a
 * resource with a gap that is long enough. Opening hours are not checked. Services that the caller
 * had before come first, then the best match of the words, then the business's order.
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
    v_own_words tsvector = search.own_words(services.business_id);
begin
    return query
    with gaps as materialized (
        select * from search.gaps(services.business_id, criteria.during, v_now)
    )

    select (matching.service).*
    from search.matching_services(services.business_id, criteria, v_own_words) as matching
    where
        case
            when (matching.service).is_class then exists (
                select 1
                from search.sessions_within(
                    services.business_id, (matching.service).id, criteria.during
                )
            )
            else exists (
                select 1
                from catalog.service_resources
                inner join gaps on gaps.id = service_resources.resource_id
                where
                    service_resources.service_id = (matching.service).id
                    and search.fits(matching.service, gaps.starts_at, gaps.ends_at, criteria.during)
            )
        end
    order by
        (matching.service).id = any(known) desc,
        matching.relevance desc,
        (matching.service).position,
        (matching.service).name,
        (matching.service).id;
end;
$$;
