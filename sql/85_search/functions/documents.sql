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
