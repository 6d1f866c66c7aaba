-- The businesses that a search considers, best first. A search reads them through a cursor, because
-- it usually stops after the first few. Each order has a function of its own and an index of its
-- own. The functions plan their query for the criteria at hand, and for a reader who stops after a
-- quarter of the rows.

/*
 * Open a cursor over the businesses whose documents fit the criteria. The order is by distance when
 * there is a place, else by relevance when there are words, else by rank.
 */
create function search.candidates(criteria search.criteria)
returns refcursor
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if criteria.latitude is not null and criteria.longitude is not null then
        return search.nearest_candidates(criteria);
    elsif criteria.words is not null then
        return search.relevant_candidates(criteria);
    else
        return search.ranked_candidates(criteria);
    end if;
end;
$$;

/*
 * Open a cursor over the candidates around a place. The nearest come first.
 */
create function search.nearest_candidates(criteria search.criteria)
returns refcursor
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
set cursor_tuple_fraction = '0.25'
set jit = 'off'
as $$
declare
    v_candidates refcursor;
    v_here extensions.cube = business.point_on_earth(criteria.latitude, criteria.longitude);
    v_around extensions.cube = extensions.cube_enlarge(v_here, criteria.radius_km, 3);
begin
    open v_candidates for
    select
        documents.business_id,
        documents.time_zone,
        documents.has_classes,
        business.way_km(documents.place operator(extensions.<->) v_here)
    from search.documents
    where
        documents.place operator(extensions.<@) v_around
        and business.way_km(documents.place operator(extensions.<->) v_here) <= criteria.radius_km
        and (criteria.words is null or documents.words @@ criteria.words)
        and (criteria.vertical_id is null or documents.vertical_id = criteria.vertical_id)
        and (criteria.category is null or documents.categories @> array[criteria.category])
        and (criteria.price_max is null or documents.lowest_price_minor <= criteria.price_max)
    order by documents.place operator(extensions.<->) v_here;
    return v_candidates;
end;
$$;

/*
 * Open a cursor over the candidates that match the words. The best match comes first.
 */
create function search.relevant_candidates(criteria search.criteria)
returns refcursor
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
set cursor_tuple_fraction = '0.25'
set jit = 'off'
as $$
declare
    v_candidates refcursor;
begin
    open v_candidates for
    select
        documents.business_id,
        documents.time_zone,
        documents.has_classes,
        null::double precision
    from search.documents
    where
        documents.words @@ criteria.words
        and (criteria.vertical_id is null or documents.vertical_id = criteria.vertical_id)
        and (criteria.category is null or documents.categories @> array[criteria.category])
        and (criteria.price_max is null or documents.lowest_price_minor <= criteria.price_max)
    order by
        ts_rank(documents.words, criteria.words) desc,
        documents.is_verified desc,
        documents.since,
        documents.business_id;
    return v_candidates;
end;
$$;

/*
 * Open a cursor over all candidates. Verified businesses come first, then the oldest.
 */
create function search.ranked_candidates(criteria search.criteria)
returns refcursor
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
set cursor_tuple_fraction = '0.25'
set jit = 'off'
as $$
declare
    v_candidates refcursor;
begin
    open v_candidates for
    select
        documents.business_id,
        documents.time_zone,
        documents.has_classes,
        null::double precision
    from search.documents
    where
        (criteria.vertical_id is null or documents.vertical_id = criteria.vertical_id)
        and (criteria.category is null or documents.categories @> array[criteria.category])
        and (criteria.price_max is null or documents.lowest_price_minor <= criteria.price_max)
    order by documents.is_verified desc, documents.since, documents.business_id;
    return v_candidates;
end;
$$;

/*
 * Return the next candidates of a cursor, at most as many as wanted; an empty array at its end.
 */
create function search.next_candidates(candidates refcursor, wanted integer)
returns search.candidate[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_candidate search.candidate;
    v_found search.candidate[] = '{}';
begin
    for i in 1 .. wanted loop
        fetch candidates into v_candidate;
        exit when not found;
        v_found = v_found || v_candidate;
    end loop;
    return v_found;
end;
$$;

/*
 * Return the services and resources of the caller's last bookings. A search tries them first.
 */
create function search.known()
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select distinct unnest(array[earlier.service_id, earlier.resource_id])
        from (
            select
                booking_items.service_id,
                booking_items.resource_id
            from scheduling.bookings
            inner join scheduling.booking_items
                on
                    booking_items.business_id = bookings.business_id
                    and booking_items.booking_id = bookings.id
            where
                bookings.customer_id = (select auth.uid())
                and bookings.status in ('confirmed', 'checked_in', 'completed')
            order by bookings.starts_at desc
            limit 100
        ) as earlier
    );
end;
$$;
