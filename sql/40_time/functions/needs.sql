-- Which resources a service needs. They form pools: of each pool one resource is needed, and every
-- resource that is needed outright is a pool of its own.

/*
 * Return the active resources that a service needs for a party. Customers choose among the leading
 * pool: the first pool with staff, or else the first pool. A chosen resource is the only one of its
 * pool; a resource that the service does not list leaves nothing.
 * Definer: callers need not be members of the business.
 */
create function scheduling.needs(service_id uuid, resource_id uuid, party_size integer)
returns setof scheduling.need
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    with listed as materialized (
        select
            resources.id,
            case service_resources.mode
                when 'all' then service_resources.resource_id::text
                else service_resources.pool
            end as pool,
            service_resources.quantity
            * case when resources.capacity > 1 then needs.party_size else 1 end as units,
            resources.capacity,
            resources.kind,
            coalesce(resources.time_zone, businesses.time_zone) as time_zone,
            resources.is_active,
            row_number() over (order by resources.position, resources.name, resources.id) as rank
        from catalog.service_resources
        inner join catalog.resources on resources.id = service_resources.resource_id
        inner join business.businesses on businesses.id = service_resources.business_id
        where service_resources.service_id = needs.service_id
    ),

    pools as materialized (
        select
            (array_agg(listed.pool order by listed.kind, listed.pool))[1] as lead,
            count(distinct listed.pool)::integer as count,
            min(listed.pool) filter (where listed.id = needs.resource_id) as chosen
        from listed
    )

    select
        listed.id,
        listed.pool,
        listed.pool = pools.lead,
        listed.units,
        listed.capacity,
        listed.kind,
        listed.time_zone,
        listed.rank::integer,
        pools.count
    from listed
    cross join pools
    where
        listed.is_active
        and (
            needs.resource_id is null
            or listed.id = needs.resource_id
            or listed.pool <> pools.chosen
        );
end;
$$;

/*
 * Return the same as an array.
 */
create function scheduling.needs_of(service_id uuid, resource_id uuid, party_size integer)
returns scheduling.need[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select need
        from scheduling.needs(needs_of.service_id, needs_of.resource_id, needs_of.party_size) as need
    );
end;
$$;
