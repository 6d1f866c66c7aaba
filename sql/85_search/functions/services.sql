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
    v_ids uuid[] = search.fitting_services(services.business_id, criteria, known);
    v_gaps search.gap[];
begin
    if v_ids = '{}' then
        return;
    end if;
    v_gaps = array(select gap from search.gaps(services.business_id, criteria.during) as gap);
    return query
    select offered.*
    from unnest(v_ids) with ordinality as fitting (id, rank)
    inner join catalog.services as offered on offered.id = fitting.id
    where
        case
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
                inner join unnest(v_gaps) as gap on gap.resource_id = service_resources.resource_id
                where
                    service_resources.service_id = offered.id
                    and (
                        gap.ends_at is null
                        or greatest(
                            lower(criteria.during),
                            gap.starts_at + make_interval(mins => offered.buffer_before_minutes)
                        ) + make_interval(
                            mins => offered.duration_minutes + offered.buffer_after_minutes
                        ) <= gap.ends_at
                    )
                    and (
                        gap.starts_at is null
                        or gap.starts_at + make_interval(mins => offered.buffer_before_minutes)
                        < upper(criteria.during)
                    )
            )
        end
    order by fitting.rank;
end;
$$;

/*
 * Return the public services of a business that fit the criteria, in the order of search.services.
 */
create function search.fitting_services(
    business_id uuid, criteria search.criteria, known uuid[]
)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_own_words tsvector;
begin
    if criteria.words is not null then
        select ts_filter(documents.words, '{a,d}') into v_own_words
        from search.documents
        where documents.business_id = fitting_services.business_id;
    end if;
    return array(
        select services.id
        from catalog.services
        left join catalog.service_categories on service_categories.id = services.category_id
        cross join lateral (
            select
                search.to_vector(services.name, 'B')
                || search.to_vector(service_categories.name, 'C') as words
        ) as named
        where
            services.business_id = fitting_services.business_id
            and services.is_active
            and services.archived_at is null
            and services.visibility = 'public'
            and services.access is null
            and (criteria.price_max is null or services.price_minor <= criteria.price_max)
            and (criteria.currency is null or services.currency = criteria.currency)
            and (
                criteria.category is null
                or search.slug(service_categories.name) = criteria.category
            )
            and (criteria.words is null or (named.words || v_own_words) @@ criteria.words)
        order by
            services.id = any(known) desc,
            case when criteria.words is not null then ts_rank(named.words, criteria.words) end desc,
            services.position,
            services.name,
            services.id
    );
end;
$$;

/*
 * Return the gaps of the resources of a business around a period. A resource with several units
 * counts as free all the time.
 */
create function search.gaps(business_id uuid, during tstzrange)
returns setof search.gap
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
begin
    return query
    select
        resources.id,
        lower(gap),
        upper(gap)
    from catalog.resources
    cross join lateral (
        select range_agg(allocations.during) as during
        from scheduling.allocations
        where
            allocations.resource_id = resources.id
            and resources.capacity = 1
            and allocations.is_blocking
            and allocations.during && gaps.during
            and (allocations.expires_at is null or allocations.expires_at > v_now)
    ) as taken
    cross join lateral unnest('{(,)}'::tstzmultirange - coalesce(taken.during, '{}')) as gap
    where resources.business_id = gaps.business_id and resources.is_active;
end;
$$;
