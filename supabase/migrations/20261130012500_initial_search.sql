-- The initial schema of 85_search: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/85_search/tables.sql

-- Who has time near me: what a marketplace is asked most. One row a business that takes bookings
-- holds what a search looks at, in the form that indexes want it; whether there is time is asked of
-- scheduling, of one business after another, until enough have some.

create schema search;
comment on schema search is 'What is looked at to find businesses.';

create extension if not exists cube with schema extensions;
create extension if not exists unaccent with schema extensions;

-- What somebody looks for, as public.search_availability read it; what was not said is null.
create type search.criteria as (
    during tstzrange,
    vertical_id text,
    -- As search.slug writes it.
    category text,
    latitude double precision,
    longitude double precision,
    radius_km double precision,
    words tsquery,
    price_max bigint,
    currency text
);

-- A business in question, as search.candidates gives it, best first.
create type search.candidate as (
    business_id uuid,
    time_zone text,
    has_classes boolean,
    distance_km double precision
);

create table search.documents (
    business_id uuid primary key references business.businesses (id) on delete cascade,
    vertical_id text not null references business.verticals (id) on delete restrict,
    -- Weights: A the name, B names of services, C of categories, D the description.
    words tsvector not null,
    -- Slugs of the categories that its services are in.
    categories text array not null,
    -- A point on the globe, in kilometres from its centre; null where the business says no place.
    place extensions.cube,
    time_zone text not null,
    has_classes boolean not null,
    -- Of its services, whatever their currency: a business above price_max need not be looked into.
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
-- The order without words and place, for all and for one vertical.
create index documents_rank_idx
on search.documents (is_verified desc, since, business_id);
create index documents_vertical_idx
on search.documents (vertical_id, is_verified desc, since, business_id);

-- What the search answers with.
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
    slots public.slot array
);
comment on type public.availability is
'A business that has time, with one of its services and its first three free starts. '
'May be null: distance_km.';

-- sql/85_search/functions/availability.sql

-- The search: candidates one after another, each asked for its first free starts, until enough have
-- some.

/*
 * The first three starts at which a service can be had in a period, each with one resource: one
 * that the caller knows, else the first in rank. Asked day by day, then in longer steps: most
 * businesses have time soon, and a start does not depend on the period in which it is asked for.
 */
create function search.first_slots(service catalog.services, during tstzrange, known uuid[])
returns public.slot[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_slots public.slot[] = '{}';
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
            )::public.slot
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
 * Businesses that fit a criteria and have time, best first, each with the first of its services that
 * can be had and its first starts. Candidates come in growing batches: most searches end in the
 * first.
 * Definer: sees what is taken without telling by whom. It gives only what is open to the public.
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
 * What a business has to offer for a criteria: the first of its services with a free start; null when
 * there is none.
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
    v_slots public.slot[] = '{}';
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

-- Which businesses come into question, best first.

/*
 * Open a cursor over the businesses that fit a criteria as far as their documents tell: by distance
 * where a place was said, else by how well the words fit, else verified ones first, then those that
 * are here longest. A cursor, because whoever reads it stops after a part of it (for the planner: a
 * quarter); three queries, planned with the criteria at hand, because each order has an index of its
 * own.
 */
create function search.candidates(criteria search.criteria)
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
    v_here extensions.cube = search.point(criteria.latitude, criteria.longitude);
    v_around extensions.cube = extensions.cube_enlarge(v_here, criteria.radius_km, 3);
begin
    if v_here is not null then
        open v_candidates for
        select
            documents.business_id,
            documents.time_zone,
            documents.has_classes,
            search.way_km(documents.place operator(extensions.<->) v_here)
        from search.documents
        where
            documents.place operator(extensions.<@) v_around
            and search.way_km(documents.place operator(extensions.<->) v_here) <= criteria.radius_km
            and (criteria.words is null or documents.words @@ criteria.words)
            and (criteria.vertical_id is null or documents.vertical_id = criteria.vertical_id)
            and (criteria.category is null or documents.categories @> array[criteria.category])
            and (criteria.price_max is null or documents.lowest_price_minor <= criteria.price_max)
        order by documents.place operator(extensions.<->) v_here;
    elsif criteria.words is not null then
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
    else
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
    end if;
    return v_candidates;
end;
$$;

/*
 * The next so many of them; none at the end.
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
 * Those of some candidates in which an opening may lie in a period, in their order, as far as
 * weekly hours tell. Special days, classes, travels, zones of resources, rooms without hours and
 * clocks about to change always may, and so does a period of a day or more. scheduling.vacancies
 * decides; this keeps it from being asked in the middle of the night. All at once: a call for each
 * takes three times as long.
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
begin
    if upper(during) - lower(during) >= interval '1 day' then
        return query
        select * from unnest(candidates);
        return;
    end if;
    return query
    select
        candidate.business_id,
        candidate.time_zone,
        candidate.has_classes,
        candidate.distance_km
    from unnest(candidates) with ordinality
        as candidate (business_id, time_zone, has_classes, distance_km, rank)
    cross join lateral (
        select
            clock.*,
            clock.from_at::date as from_day,
            clock.to_at::date as to_day,
            extract(isodow from clock.from_at)::smallint as from_weekday,
            extract(isodow from clock.to_at)::smallint as to_weekday
        from (
            select
                lower(during) at time zone candidate.time_zone as from_at,
                upper(during) at time zone candidate.time_zone as to_at,
                (lower(during) - interval '36 hours') at time zone candidate.time_zone as before,
                (upper(during) + interval '36 hours') at time zone candidate.time_zone as after
        ) as clock
        offset 0
    ) as clock
    where
        exists (
            select 1
            from catalog.working_hours
            where
                working_hours.business_id = candidate.business_id
                and working_hours.weekday = any(array[clock.from_weekday, clock.to_weekday])
                and (
                    working_hours.weekday = clock.from_weekday
                    and clock.from_day + working_hours.opens_at < clock.to_at
                    and clock.from_day + working_hours.closes_at > clock.from_at
                    or working_hours.weekday = clock.to_weekday
                    and clock.to_day + working_hours.opens_at < clock.to_at
                    and clock.to_day + working_hours.closes_at > clock.from_at
                )
        )
        or clock.after - clock.before <> upper(during) - lower(during) + interval '72 hours'
        or exists (
            select 1
            from catalog.schedule_exceptions
            where
                schedule_exceptions.business_id = candidate.business_id
                and schedule_exceptions.opens_at is not null
                and schedule_exceptions.starts_on <= clock.to_day
                and schedule_exceptions.ends_on >= clock.from_day
        )
        or exists (
            select 1
            from catalog.travel_zones
            where
                travel_zones.business_id = candidate.business_id
                and travel_zones.starts_on <= clock.to_day + 2
                and travel_zones.ends_on >= clock.from_day - 2
        )
        or candidate.has_classes
        or exists (
            select 1
            from catalog.resources
            where
                resources.business_id = candidate.business_id
                and resources.is_active
                and (
                    resources.time_zone is not null
                    or resources.kind <> 'staff'
                    and not exists (
                        select 1
                        from catalog.working_hours
                        where
                            working_hours.business_id = candidate.business_id
                            and working_hours.resource_id is null
                    )
                )
        )
    order by candidate.rank;
end;
$$;

/*
 * What the caller has booked before, services and who gave them: asked first in a search.
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

-- How texts, names and places become what an index can find.

/*
 * A text as searches compare it: without accents, in lower case, words apart.
 * Definer: the extension's functions are the owner's alone.
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
 * A name as addresses write it: `Hair & Beauty` is hair-beauty.
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
 * The words of a text with their positions, none of them changed by a language's grammar: names are
 * in all languages. Not by to_tsvector, which takes 3e14ab for a number and two letters.
 */
create function search.to_vector(value text, weight text default 'D')
returns tsvector
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    -- A tsvector has room for a megabyte; nobody looks for what comes later.
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
 * What somebody typed: every word, the last one perhaps not finished. Null when there is none.
 */
create function search.query(value text)
returns tsquery
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    -- Letters and digits only, so nothing in it can be an operator.
    return (
        select string_agg(left(word.word, 100), ' & ') || ':*'
        from string_to_table(nullif(search.fold(query.value), ''), ' ') as word (word)
    )::tsquery;
end;
$$;

/*
 * A place as a point on the globe, in kilometres from its centre. The straight line between two
 * such points grows with the way between them, so the nearest by one is the nearest by the other.
 */
create function search.point(latitude double precision, longitude double precision)
returns extensions.cube
language plpgsql
immutable
strict
security invoker
set search_path = ''
as $$
declare
    c_earth_km constant double precision = 6371.0088;
begin
    return extensions.cube(array[
        c_earth_km * cosd(latitude) * cosd(longitude),
        c_earth_km * cosd(latitude) * sind(longitude),
        c_earth_km * sind(latitude)
    ]);
end;
$$;

/*
 * The way over the ground for a straight line through it, both in kilometres.
 */
create function search.way_km(line_km double precision)
returns double precision
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    c_earth_km constant double precision = 6371.0088;
begin
    return 2 * c_earth_km * asin(least(way_km.line_km / (2 * c_earth_km), 1));
end;
$$;

/*
 * The documents of businesses as they should be: of those that are open to the public and offer
 * something.
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
        search.point(businesses.latitude::float8, businesses.longitude::float8),
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
    ) as offered
    where
        businesses.id = any(documents_of.business_ids)
        and businesses.status = 'approved'
        and businesses.is_active
        and offered.names is not null;
end;
$$;

/*
 * Write the documents of businesses anew, those that changed. The lock lets two who change one
 * business at the same time see each other's services.
 * Definer: whoever changes a service has no access to documents.
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
 * Write all documents anew, after a load that fired no triggers.
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

-- sql/85_search/functions/services.sql

-- Who of the candidates has time. scheduling.vacancies decides it, at half a millisecond a service and
-- day; so first a cheaper question, which only says no where offers would find nothing.

/*
 * The services of a business that fit a criteria and have, in its period, a session or somebody with a
 * gap that is long enough; hours are not looked at. First what the caller had before, then what the
 * words name, then in the business's order.
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

-- sql/85_search/rules.sql

-- What is searched is what is offered: the transaction that changes a business, a service or a
-- category rewrites the business's document.

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
 * Once a statement, for the businesses whose rows it changed.
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

-- Nobody reads documents by themselves: they hold nothing that the catalog does not show, but only
-- the search and its triggers need them.

grant usage on schema search to anon, authenticated, service_role;
alter table search.documents enable row level security;
grant execute on function
search.fold(text),
search.slug(text),
search.query(text),
search.availability(search.criteria, integer)
to anon, authenticated, service_role;

-- sql/85_search/api.sql

-- Who has time, and when, across businesses.

/*
 * Businesses that have time in a period, with their first free starts.
 *
 * Errors:  PT400 invalid_input
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
    v_criteria search.criteria;
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
    select *
    from search.availability(v_criteria, private.to_whole_number("limit", 'limit', 1, 50, if_null => 20));
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

Errors: invalid_input 400.';

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
