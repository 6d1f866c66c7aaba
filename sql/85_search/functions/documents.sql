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
