-- The entries that products, services and businesses should have now, and how they are written.

/*
 * Return the rating of something as entries contain it: the score of docs/reviews.md from 0 to 1.
 * Without reviews it is the score that the settings of reviews start from.
 */
create function search.rating_of(business_id uuid, id uuid)
returns real
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return (
        select
            (
                reviews.score(
                    coalesce(sum(one_count + two_count + three_count + four_count + five_count), 0)::bigint,
                    coalesce(
                        sum(one_count + 2 * two_count + 3 * three_count + 4 * four_count + 5 * five_count),
                        0
                    )::bigint
                ) - 1
            ) / 4
        from reviews.rating_counts
        where
            rating_counts.business_id = rating_of.business_id
            and rating_counts.subject_id = rating_of.id
            and rating_counts.aspect = ''
    );
end;
$$;

/*
 * Return the words that the synonyms of a business add to a text.
 */
create function search.synonym_words(business_id uuid, value text)
returns tsvector
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_text text;
begin
    if not exists (
        select 1 from search.synonyms where synonyms.business_id = synonym_words.business_id
    ) then
        return '';
    end if;
    v_text = ' ' || search.fold(value) || ' ';
    return search.to_vector(
        (
            select string_agg(array_to_string(synonyms.terms, ' '), ' ' order by synonyms.id)
            from search.synonyms
            where
                synonyms.business_id = synonym_words.business_id
                and exists (
                    select 1
                    from unnest(synonyms.terms) as term
                    where strpos(v_text, ' ' || search.fold(term) || ' ') > 0
                )
        )
    );
end;
$$;

/*
 * Return what was sold of something, as entries contain it.
 */
create function search.popularity_of(business_id uuid, id uuid)
returns real
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return coalesce(
        (
            select search.popularity(popular.unit_count)
            from search.popular
            where popular.business_id = popularity_of.business_id and popular.subject_id = popularity_of.id
        ),
        0
    );
end;
$$;

/*
 * Return the entries that some services should have now: those that are in the public catalog.
 */
create function search.service_entries(service_ids uuid[])
returns setof search.entries
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        services.business_id,
        'service'::search.kind,
        services.id,
        services.name,
        search.fold(services.name),
        search.to_words(services.name, 'A', businesses.locale)
        || search.to_words(service_categories.name, 'C', businesses.locale)
        || search.to_words(services.description, 'D', businesses.locale)
        || search.to_vector(businesses.name)
        || search.synonym_words(
            services.business_id,
            concat_ws(' ', services.name, service_categories.name, services.description)
        ),
        businesses.vertical_id,
        array_remove(array[search.slug(service_categories.name)], null),
        null::text,
        '{}'::jsonb,
        services.currency,
        services.price_minor,
        services.price_minor,
        services.access,
        null::extensions.cube,
        services.created_at,
        search.rating_of(services.business_id, services.id),
        search.popularity_of(services.business_id, services.id),
        businesses.is_verified,
        null::real
    from catalog.services
    inner join business.businesses on businesses.id = services.business_id
    left join catalog.service_categories
        on
            service_categories.business_id = services.business_id
            and service_categories.id = services.category_id
    where
        services.id = any(service_entries.service_ids)
        and services.is_active
        and services.archived_at is null
        and services.visibility = 'public';
end;
$$;

/*
 * Return the entries of some businesses. Each business has one, whether it is open or not.
 */
create function search.business_entries(business_ids uuid[])
returns setof search.entries
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        businesses.id,
        'business'::search.kind,
        businesses.id,
        businesses.name,
        search.fold(businesses.name),
        search.to_words(businesses.name, 'A', businesses.locale)
        || search.to_words(businesses.description, 'D', businesses.locale)
        || search.synonym_words(
            businesses.id, concat_ws(' ', businesses.name, businesses.description)
        ),
        businesses.vertical_id,
        '{}'::text[],
        null::text,
        '{}'::jsonb,
        null::text,
        null::bigint,
        null::bigint,
        null::text,
        business.point_on_earth(businesses.latitude::float8, businesses.longitude::float8),
        businesses.created_at,
        search.rating_of(businesses.id, businesses.id),
        search.popularity_of(businesses.id, businesses.id),
        businesses.is_verified,
        null::real
    from business.businesses
    where businesses.id = any(business_entries.business_ids);
end;
$$;
