-- The initial schema of 85_search: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/85_search/tables.sql

-- The search answers the most frequent question of a marketplace: who has time near me? Each
-- business that takes bookings has one document, which contains what a search compares in a form
-- that can be indexed. The search then asks scheduling about one business after another, until
-- enough of them have time.

create schema search;
comment on schema search is 'What is looked at to find businesses.';

create extension if not exists unaccent with schema extensions;

-- The criteria of a search, from the arguments of public.search_availability. Arguments that were
-- left out are null.
create type search.criteria as (
    during tstzrange,
    vertical_id text,
    -- As search.slug returns it.
    category text,
    latitude double precision,
    longitude double precision,
    radius_km double precision,
    words tsquery,
    price_max bigint,
    currency text
);

-- A business that a search considers: a row of the cursor that search.candidates returns.
create type search.candidate as (
    business_id uuid,
    time_zone text,
    has_classes boolean,
    distance_km double precision
);

-- The period of a search by the clock of a candidate.
create type search.local_period as (
    -- The place of the candidate in its batch.
    rank integer,
    business_id uuid,
    from_at timestamp,
    to_at timestamp,
    -- Weekly hours do not tell: the clock is about to change, or there are classes.
    is_uncertain boolean
);

-- A time in which a resource of a business is free. Null bounds: at any time before or after.
create type search.gap as (
    resource_id uuid,
    starts_at timestamptz,
    ends_at timestamptz
);

create table search.documents (
    business_id uuid primary key references business.businesses (id) on delete cascade,
    vertical_id text not null references business.verticals (id) on delete restrict,
    -- Weights: A for the name, B for services, C for categories, D for the description.
    words tsvector not null,
    -- Slugs of the categories of its services.
    categories text array not null,
    -- A point on the globe, in kilometres from its centre; null when the business has no place.
    place extensions.cube,
    time_zone text not null,
    has_classes boolean not null,
    -- Over all services and currencies. A search skips the business when this is above price_max.
    lowest_price_minor bigint not null,
    is_verified boolean not null,
    since timestamptz not null
);
comment on table search.documents is
'What a search looks at: one row a business that is approved, active and has services. Triggers '
'write it; search.refresh writes it anew.';
create index documents_words_idx on search.documents using gin (words);
create index documents_categories_idx on search.documents using gin (categories);
create index documents_place_idx on search.documents using gist (place);
-- These return the order without words and place, for all businesses and for one vertical.
create index documents_rank_idx
on search.documents (is_verified desc, since, business_id);
create index documents_vertical_idx
on search.documents (vertical_id, is_verified desc, since, business_id);

-- A start that public.search_availability found, with the one resource that it proposes.
create type public.found_slot as (
    starts_at timestamptz,
    ends_at timestamptz,
    resource_id uuid,
    remaining integer
);
comment on type public.found_slot is
'A free start that a search found: start and end for the customer, the resource that is proposed '
'for it, and its free places.';

-- A result of public.search_availability.
create type public.availability as (
    business_id uuid,
    name text,
    time_zone text,
    service_id uuid,
    service_name text,
    duration_minutes integer,
    price_minor bigint,
    currency text,
    distance_km numeric,
    slots public.found_slot array
);
comment on type public.availability is
'A business that has time, with one of its services and its first three free starts. '
'May be null: distance_km.';

-- sql/85_search/functions/availability.sql

-- The search reads the candidates one after another and looks for the first free starts of each. It
-- stops as soon as enough businesses have some. Most searches end in the first batch of candidates,
-- so the cost depends on the number of results and hardly on the number of businesses.

/*
 * Return the first three starts of a service in a period, each with one resource: one that the
 * caller knows, else the first in rank. The function searches one day, then longer and longer
 * steps, because most businesses have time soon. A start does not depend on the period searched.
 */
create function search.first_slots(service catalog.services, during tstzrange, known uuid[])
returns public.found_slot[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_slots public.found_slot[] = '{}';
    v_from timestamptz = lower(during);
    v_step interval = interval '1 day';
    v_to timestamptz;
begin
    while v_from < upper(during) and cardinality(v_slots) < 3 loop
        v_to = least(v_from + v_step, upper(during));
        v_slots = v_slots || array(
            select row(
                first.at,
                first.at + make_interval(mins => service.duration_minutes),
                first.id,
                first.remaining
            )::public.found_slot
            from (
                select distinct on (offer.at) offer.*
                from scheduling.vacancies(
                    service.id, tstzmultirange(tstzrange(v_from, v_to)), null, 1, service.duration_minutes
                ) as offer
                where offer.is_leading
                order by offer.at, (offer.id = any(known)) is true desc, offer.rank
                limit 3
            ) as first
            order by first.at
        );
        v_from = v_to;
        v_step = v_step * 2;
    end loop;
    return v_slots[:3];
end;
$$;

/*
 * Return the businesses that fit the criteria and have time, best first. Each comes with its first
 * service that has time and with the first starts of that service. The batches of candidates grow,
 * because most searches end in the first.
 *
 * Definer: reads all allocations, but returns only free starts of public services.
 */
create function search.availability(criteria search.criteria, wanted integer)
returns setof public.availability
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_known uuid[] = search.known();
    v_cursor refcursor = search.candidates(criteria);
    v_batch search.candidate[];
    v_size integer = wanted * 2;
    v_answer public.availability;
    v_found integer = 0;
    v_candidate search.candidate;
begin
    loop
        v_batch = search.next_candidates(v_cursor, v_size);
        for v_candidate in
            select * from search.may_be_open(v_batch, criteria.during)
        loop
            v_answer = search.answer(v_candidate, criteria, v_known);
            if v_answer.business_id is not null then
                return next v_answer;
                v_found = v_found + 1;
                exit when v_found = wanted;
            end if;
        end loop;
        exit when v_found = wanted or cardinality(v_batch) < v_size;
        v_size = least(v_size * 2, 500);
    end loop;
    close v_cursor;
end;
$$;

/*
 * Return a business with its first service that fits the criteria and has a free start. The result
 * is null when it has no such service.
 */
create function search.answer(candidate search.candidate, criteria search.criteria, known uuid[])
returns public.availability
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_service catalog.services;
    v_slots public.found_slot[] = '{}';
    v_answer public.availability;
begin
    for v_service in
        select * from search.services(candidate.business_id, criteria, known)
    loop
        v_slots = search.first_slots(v_service, criteria.during, known);
        exit when v_slots <> '{}';
    end loop;
    select
        businesses.id,
        businesses.name,
        businesses.time_zone,
        v_service.id,
        v_service.name,
        v_service.duration_minutes,
        v_service.price_minor,
        v_service.currency,
        round(candidate.distance_km::numeric, 2),
        v_slots
    into v_answer
    from business.businesses
    where businesses.id = candidate.business_id and v_slots <> '{}';
    return v_answer;
end;
$$;

-- sql/85_search/functions/candidates.sql

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

-- sql/85_search/functions/documents.sql

-- The documents that a search reads, and the forms in which their texts, names and places can be
-- indexed. Triggers rewrite the document of a business when the business, its services or its
-- categories change.

/*
 * Return a text as searches compare it: without accents and in lower case. One space separates its
 * words from each other.
 *
 * Definer: only the owner may call the functions of the extension.
 */
create function search.fold(value text)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return btrim(regexp_replace(
        lower(extensions.unaccent('extensions.unaccent', value)), '[^[:alnum:]]+', ' ', 'g'
    ));
end;
$$;

/*
 * Return a name as URLs contain it: `Hair & Beauty` becomes hair-beauty.
 */
create function search.slug(name text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return replace(search.fold(slug.name), ' ', '-');
end;
$$;

/*
 * Return the words of a text with their positions. No grammar changes them, because names are in
 * all languages. to_tsvector does not fit: it splits 3e14ab into a number and two letters.
 */
create function search.to_vector(value text, weight text default 'D')
returns tsvector
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    -- A tsvector holds at most one megabyte. The rest of a longer text is not searched.
    return coalesce(
        (
            select string_agg(left(word.word, 100) || ':' || word.position || to_vector.weight, ' ')
            from string_to_table(left(search.fold(to_vector.value), 100000), ' ')
                with ordinality as word (word, position)
        ),
        ''
    )::tsvector;
end;
$$;

/*
 * Return the query for a typed text: all its words, of which the last may be unfinished. Returns
 * null when the text has no words.
 */
create function search.query(value text)
returns tsquery
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    -- The folded text has only letters and digits, so it contains no operators.
    return (
        select string_agg(left(word.word, 100), ' & ') || ':*'
        from string_to_table(nullif(search.fold(query.value), ''), ' ') as word (word)
    )::tsquery;
end;
$$;

/*
 * Return the documents that businesses should have now. A business has one while it is approved and
 * active and has a public service.
 */
create function search.documents_of(business_ids uuid[])
returns setof search.documents
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        businesses.id,
        businesses.vertical_id,
        search.to_vector(businesses.name, 'A') || search.to_vector(offered.names, 'B')
        || search.to_vector(offered.categories, 'C') || search.to_vector(businesses.description),
        offered.slugs,
        business.point_on_earth(businesses.latitude::float8, businesses.longitude::float8),
        businesses.time_zone,
        offered.has_classes,
        offered.lowest_price_minor,
        businesses.is_verified,
        businesses.created_at
    from business.businesses
    cross join lateral (
        select
            string_agg(services.name, ' ' order by services.position, services.id) as names,
            string_agg(distinct service_categories.name, ' ') as categories,
            coalesce(
                array_agg(distinct search.slug(service_categories.name))
                filter (where service_categories.id is not null),
                '{}'
            ) as slugs,
            bool_or(services.is_class) as has_classes,
            min(services.price_minor) as lowest_price_minor
        from catalog.services
        left join catalog.service_categories on services.category_id = service_categories.id
        where
            services.business_id = businesses.id
            and services.is_active
            and services.archived_at is null
            and services.visibility = 'public'
            and services.access is null
    ) as offered
    where
        businesses.id = any(documents_of.business_ids)
        and businesses.status = 'approved'
        and businesses.is_active
        and offered.names is not null;
end;
$$;

/*
 * Rewrite the documents of businesses where they changed. The lock makes two transactions that
 * change the same business see each other's services.
 *
 * Definer: users who change a service have no access to documents.
 */
create function search.refresh(business_ids uuid[])
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform private.lock(business_ids);
    delete from search.documents
    where
        documents.business_id = any(refresh.business_ids)
        and documents.business_id not in (
            select present.business_id from search.documents_of(refresh.business_ids) as present
        );
    insert into search.documents
    select * from search.documents_of(refresh.business_ids)
    on conflict (business_id) do update
    set
        vertical_id = excluded.vertical_id,
        words = excluded.words,
        categories = excluded.categories,
        place = excluded.place,
        time_zone = excluded.time_zone,
        has_classes = excluded.has_classes,
        lowest_price_minor = excluded.lowest_price_minor,
        is_verified = excluded.is_verified,
        since = excluded.since
    where documents is distinct from excluded;
end;
$$;

/*
 * Rewrite all documents, after a load that fired no triggers.
 */
create function search.refresh_all()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    truncate search.documents;
    insert into search.documents
    select *
    from search.documents_of(array(select businesses.id from business.businesses));
    analyze search.documents;
end;
$$;

-- sql/85_search/functions/opening.sql

-- Whether a business may be open in a period, as far as its weekly hours tell. This keeps a search
-- from asking scheduling.vacancies, which decides, about every business in the middle of the night.
-- Each function reads all candidates of a batch at once: a call for each takes three times as long.

/*
 * Return those of some candidates that may be open in a period, in their order. Whatever is no
 * matter of weekly hours counts as open, and so does everything in a period of a day or more.
 */
create function search.may_be_open(candidates search.candidate[], during tstzrange)
returns setof search.candidate
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set jit = 'off'
as $$
declare
    v_periods search.local_period[];
    v_open integer[];
begin
    if upper(during) - lower(during) >= interval '1 day' then
        return query
        select * from unnest(candidates);
        return;
    end if;
    v_periods = array(select period from search.local_periods(candidates, during) as period);
    v_open = array(select search.in_weekly_hours(v_periods));
    v_periods = array(
        select period
        from unnest(v_periods) as period
        where period.rank not in (select unnest(v_open))
    );
    v_open = v_open || array(select search.beside_weekly_hours(v_periods));
    return query
    select
        candidate.business_id,
        candidate.time_zone,
        candidate.has_classes,
        candidate.distance_km
    from unnest(candidates) with ordinality as candidate
    where candidate.ordinality in (select unnest(v_open))
    order by candidate.ordinality;
end;
$$;

/*
 * Return a period by the clock of each of some candidates.
 */
create function search.local_periods(candidates search.candidate[], during tstzrange)
returns setof search.local_period
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        candidate.ordinality::integer,
        candidate.business_id,
        lower(during) at time zone candidate.time_zone,
        upper(during) at time zone candidate.time_zone,
        candidate.has_classes
        or (upper(during) + interval '36 hours') at time zone candidate.time_zone
        - (lower(during) - interval '36 hours') at time zone candidate.time_zone
        <> upper(during) - lower(during) + interval '72 hours'
    from unnest(candidates) with ordinality as candidate;
end;
$$;

/*
 * Return the ranks of the periods that touch weekly hours of their business or its resources.
 */
create function search.in_weekly_hours(periods search.local_period[])
returns setof integer
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select period.rank
    from unnest(periods) as period
    cross join lateral (
        select
            extract(isodow from period.from_at)::smallint as first,
            extract(isodow from period.to_at)::smallint as last
        offset 0
    ) as weekdays
    where
        exists (
            select 1
            from catalog.working_hours
            where
                working_hours.business_id = period.business_id
                and working_hours.weekday = any(array[weekdays.first, weekdays.last])
                and (
                    working_hours.weekday = weekdays.first
                    and period.from_at::date + working_hours.opens_at < period.to_at
                    and period.from_at::date + working_hours.closes_at > period.from_at
                    or working_hours.weekday = weekdays.last
                    and period.to_at::date + working_hours.opens_at < period.to_at
                    and period.to_at::date + working_hours.closes_at > period.from_at
                )
        );
end;
$$;

/*
 * Return the ranks of the periods in which a business may be open beside its weekly hours: special
 * days, classes, travels, zones of resources, rooms without hours, and clocks about to change.
 */
create function search.beside_weekly_hours(periods search.local_period[])
returns setof integer
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select period.rank
    from unnest(periods) as period
    where
        period.is_uncertain
        or exists (
            select 1
            from catalog.schedule_exceptions
            where
                schedule_exceptions.business_id = period.business_id
                and schedule_exceptions.opens_at is not null
                and schedule_exceptions.starts_on <= period.to_at::date
                and schedule_exceptions.ends_on >= period.from_at::date
        )
        or exists (
            select 1
            from catalog.travel_zones
            where
                travel_zones.business_id = period.business_id
                and travel_zones.starts_on <= period.to_at::date + 2
                and travel_zones.ends_on >= period.from_at::date - 2
        )
        or exists (
            select 1
            from catalog.resources
            where
                resources.business_id = period.business_id
                and resources.is_active
                and (
                    resources.time_zone is not null
                    or resources.kind <> 'staff'
                    and not exists (
                        select 1
                        from catalog.working_hours
                        where
                            working_hours.business_id = period.business_id
                            and working_hours.resource_id is null
                    )
                )
        );
end;
$$;

-- sql/85_search/functions/services.sql

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

-- sql/85_search/rules.sql

-- A search always finds the current catalog: the transaction that changes a business, a service or
-- a category also rewrites the document of the business. Services and categories do so once for
-- each statement, so a large import stays fast.

/*
 * Rewrite the document of a changed business.
 *
 * Definer: only the owner may call search.refresh.
 */
create function search.businesses__refresh()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.refresh(array[new.id]);
    return null;
end;
$$;

create trigger _800_refresh_search
after insert or update of
name, description, vertical_id, status, is_active, is_verified, latitude, longitude, time_zone
on business.businesses
for each row
execute function search.businesses__refresh();

/*
 * Rewrite the documents of the businesses whose rows a statement changed.
 *
 * Definer: only the owner may call search.refresh.
 */
create function search.changed__refresh()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.refresh(array(select distinct changed.business_id from changed));
    return null;
end;
$$;

create trigger _800_refresh_search_of_new
after insert on catalog.services
referencing new table as changed
for each statement
execute function search.changed__refresh();

create trigger _800_refresh_search_of_changed
after update on catalog.services
referencing new table as changed
for each statement
execute function search.changed__refresh();

create trigger _800_refresh_search_of_old
after delete on catalog.services
referencing old table as changed
for each statement
execute function search.changed__refresh();

create trigger _800_refresh_search_of_changed
after update on catalog.service_categories
referencing new table as changed
for each statement
execute function search.changed__refresh();

-- sql/85_search/policies.sql

-- No role may read documents directly. They contain only what the catalog shows anyway, but only
-- the search and its triggers need them. Callers may execute the search itself and the functions
-- that public.search_availability uses to read its arguments.

grant usage on schema search to anon, authenticated, service_role;
alter table search.documents enable row level security;
grant execute on function
search.fold(text),
search.slug(text),
search.query(text),
search.availability(search.criteria, integer)
to anon, authenticated, service_role;

-- sql/85_search/api.sql

-- The public search for free starts across businesses. It checks and reads the arguments, which
-- become search.criteria, and leaves the rest to search.availability. Everyone may call it, with or
-- without an account.

/*
 * Return the businesses that have time in a period, with their first free starts.
 *
 * Errors:  PT400 invalid_input · PT422 too_many_rows
 */
create function public.search_availability(
    from_at public.instant,
    to_at public.instant,
    vertical text default null,
    category text default null,
    near public.place default null,
    radius_km public.whole_number default null,
    q text default null,
    price_max public.whole_number default null,
    currency text default null,
    "limit" public.whole_number default '20'
)
returns setof public.availability
language plpgsql
stable
security invoker
set search_path = ''
rows 20
as $$
declare
    v_from timestamptz = private.to_instant(from_at, 'from_at');
    v_to timestamptz = private.to_instant(to_at, 'to_at');
    v_near double precision[] = private.to_place(near, 'near');
    v_radius integer = private.to_whole_number(radius_km, 'radius_km', 1, 200, false);
    v_text text = private.to_text(q, 'q', 200);
    v_limit integer = private.to_whole_number("limit", 'limit', 1, 50, if_null => 20);
    v_criteria search.criteria;
    v_count bigint;
begin
    if v_to <= v_from or v_to > v_from + interval '14 days' then
        perform private.invalid('to_at', 'must be after from_at and at most 14 days later');
    end if;
    if v_radius is not null and v_near is null then
        perform private.invalid('radius_km', 'requires near');
    end if;
    v_criteria = row(
        tstzrange(v_from, v_to),
        private.to_text(vertical, 'vertical', 50),
        nullif(search.slug(private.to_text(category, 'category', 200)), ''),
        v_near[1],
        v_near[2],
        coalesce(v_radius, 25),
        search.query(v_text),
        private.to_minor_units(price_max, 'price_max'),
        private.to_text(currency, 'currency', 3)
    );
    if v_text is not null and v_criteria.words is null then
        perform private.invalid('q', 'must contain a letter or a digit');
    end if;
    if category is not null and v_criteria.category is null then
        perform private.invalid('category', 'must contain a letter or a digit');
    end if;
    return query
    select * from search.availability(v_criteria, v_limit);
    get diagnostics v_count = row_count;
    perform private.require_page(v_count, 'Ask with a lower limit.');
end;
$$;
grant execute on function public.search_availability(
    public.instant, public.instant, text, text, public.place, public.whole_number, text,
    public.whole_number, text, public.whole_number
) to anon, authenticated, service_role;

comment on function public.search_availability is
'Return businesses with a free start from from_at (included) to to_at (excluded), at most 14 days.

Each has one service and its first three starts in slots, and every returned start can be booked. '
'Without near the order is the best match of q (name before services before categories before '
'description), then verified businesses, then the oldest. Within a business, services and people '
'that a signed-in caller had before come first.

- vertical: a row of verticals.
- category: name or slug (hair-and-beauty) of a service category.
- near: a place; the nearest businesses come first.
- radius_km: 1 to 200, 25 by default.
- q: words from the name, the description, the services and their categories, in any order and '
'without accents; the last word may be unfinished.
- price_max: minor units, compared with each service''s price in its own currency.
- currency: only prices in this currency.
- limit: number of businesses, 1 to 50, 20 by default.

Errors: invalid_input 400, too_many_rows 422.';

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
