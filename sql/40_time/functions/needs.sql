-- Wall clocks become instants, date by date: when a resource works, when it is closed, when it is
-- taken. Each function answers for many resources at once and gives one multirange for each.

/*
 * Which resources a service takes for a party, in which pool, and how many units of each. A
 * resource with places (capacity above 1) is taken once per guest, any other is taken whole. Every
 * resource that is needed outright is a pool of its own. The leading pool, whose resources a
 * customer chooses among, is the first with staff, then the first at all. A resource asked for
 * empties its pool of all others. Definer: asked for businesses that the caller need not be a
 * member of.
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
    with candidates as (
        select
            resources.id,
            case service_resources.mode
                when 'all' then service_resources.resource_id::text
                else service_resources.pool
            end as pool,
            case
                when resources.capacity > 1 then service_resources.quantity * needs.party_size
                else service_resources.quantity
            end as units,
            resources.capacity,
            resources.kind,
            coalesce(resources.time_zone, businesses.time_zone) as time_zone,
            resources.is_active,
            row_number() over (order by resources.position, resources.name, resources.id) as rank
        from catalog.service_resources
        inner join catalog.resources on resources.id = service_resources.resource_id
        inner join business.businesses on businesses.id = service_resources.business_id
        where service_resources.service_id = needs.service_id
    )

    select
        candidates.id,
        candidates.pool,
        candidates.pool = (
            select lead.pool
            from candidates as lead
            order by lead.kind, lead.pool
            limit 1
        ),
        candidates.units,
        candidates.capacity,
        candidates.kind,
        candidates.time_zone,
        candidates.rank::integer,
        (select count(distinct wanted.pool) from candidates as wanted)::integer
    from candidates
    where
        candidates.is_active
        and (
            needs.resource_id is null
            or candidates.id = needs.resource_id
            -- Null, and so nothing at all, when the resource is not one of the service's.
            or candidates.pool <> (
                select chosen.pool
                from candidates as chosen
                where chosen.id = needs.resource_id
            )
        );
end;
$$;
