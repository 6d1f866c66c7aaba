-- Which entries somebody finds, and in which order. Everybody finds what the catalog shows to them:
-- what is published of businesses that are open; of what asks for an entitlement, only what they
-- are entitled to; and as a member everything of one's own business that is published.

/*
 * Return criteria with what the caller may see.
 */
create function search.for_caller(criteria search.entry_criteria)
returns search.entry_criteria
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_criteria search.entry_criteria = criteria;
begin
    v_criteria.hidden_businesses = array(
        select businesses.id
        from business.businesses
        where not businesses.is_active or businesses.status <> 'approved'
    );
    v_criteria.own_businesses = array(select private.my_businesses('view'));
    v_criteria.passes = array(
        select customers.business_id || ' ' || entitlements.access
        from customers.customers
        inner join customers.entitlements
            on
                entitlements.business_id = customers.business_id
                and entitlements.customer_id = coalesce(customers.merged_into_id, customers.id)
        where
            customers.user_id = auth.uid()
            and entitlements.during @> private.now()
    );
    return v_criteria;
end;
$$;

/*
 * Return the businesses around a place.
 */
create function search.businesses_around(latitude float8, longitude float8, radius_km integer)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
declare
    v_here constant extensions.cube = business.point_on_earth(latitude, longitude);
    v_around constant extensions.cube = extensions.cube_enlarge(v_here, radius_km, 3);
begin
    return array(
        select entries.business_id
        from search.entries
        where
            entries.kind = 'business'
            and entries.place operator(extensions.<@) v_around
            and business.way_km(entries.place operator(extensions.<->) v_here) <= radius_km
    );
end;
$$;

/*
 * Does anything that the caller may see contain the words, at the business that was asked for? It
 * does not look at other filters, so a query means the same with every filter.
 */
create function search.has_matches(criteria search.entry_criteria)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
set jit = 'off'
set enable_seqscan = 'off'
as $$
declare
    v_conditions constant text = search.base_conditions(criteria);
    v_has_matches boolean;
begin
    -- Frequent words are soon met in the order of standing.
    execute concat(
        'select exists (select 1 from (select * from search.entries'
        ' order by standing desc, subject_id limit 500) as entries where ', v_conditions, ')'
    ) into v_has_matches using criteria;
    if not v_has_matches then
        execute concat(
            'select exists (select 1 from search.entries where ', v_conditions, ')'
        ) into v_has_matches using criteria;
    end if;
    return v_has_matches;
end;
$$;

/*
 * Can a product be had now: one of its variants, in some store?
 */
create function search.is_in_stock(business_id uuid, product_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return exists (
        select 1
        from catalog.product_variants
        where
            product_variants.business_id = is_in_stock.business_id
            and product_variants.product_id = is_in_stock.product_id
            and product_variants.is_active
            and commerce.is_in_stock(product_variants.business_id, product_variants.id, null)
    );
end;
$$;

/*
 * Return how well the words of an entry fit, from 0 to about 1.5: PostgreSQL's ts_rank with the
 * weights of entries, and more if the name is or begins with what was typed.
 */
create function search.word_score(query tsquery, folded text, words tsvector, folded_name text)
returns double precision
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        ts_rank('{0.1,0.2,0.4,1}', words, query) + case
            when folded_name = folded then 0.5
            when starts_with(folded_name, folded) then 0.2
            else 0
        end,
        0
    );
end;
$$;

/*
 * Return the expression of an order: the higher it is, the earlier an entry comes. What has no
 * price or no place comes last.
 */
create function search.rank_expression(criteria search.entry_criteria)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case criteria.sort
        when 'relevance' then case when criteria.meant is not null then search.mixed_expression() else
            case when criteria.words is not null
                then 'search.word_score(($1).words, ($1).folded, entries.words, entries.folded_name) + '
                else '' end
            || 'entries.standing' end
        when 'price' then 'coalesce(-entries.lowest_price_minor, ''-infinity''::float8)'
        when 'price_descending' then 'coalesce(entries.lowest_price_minor, ''-infinity''::float8)'
        when 'newest' then 'extract(epoch from entries.since)'
        when 'rating' then 'entries.rating'
        when 'popular' then 'entries.popularity'
        when 'distance' then
            'coalesce(-(select here.place operator(extensions.<->) ($1).here'
            ' from search.entries as here'
            ' where here.business_id = entries.business_id and here.kind = ''business'''
            ' and here.subject_id = entries.business_id), ''-infinity'')'
    end;
end;
$$;

/*
 * Return the conditions of everything that was asked for.
 */
create function search.all_conditions(criteria search.entry_criteria)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return concat_ws(
        ' and ',
        search.base_conditions(criteria),
        search.other_conditions(criteria),
        -- These can be found by the index.
        case when criteria.attributes is not null
            then 'entries.attributes @> catalog.exact_values(($1).attributes)' end,
        (
            select string_agg(filter.condition, ' and ')
            from search.facet_conditions(criteria) as filter
        )
    );
end;
$$;

/*
 * Return the entries that fit all criteria, best first, one more than a page has.
 */
create function search.hits(criteria search.entry_criteria)
returns setof search.hit
language plpgsql
stable
security invoker
set search_path = ''
set jit = 'off'
as $$
begin
    return query execute concat(
        'select kind, business_id, id, rank from (select entries.kind, entries.business_id,'
        ' entries.subject_id as id, (', search.rank_expression(criteria), ')::float8 as rank from ',
        case
            when
                criteria.sort = 'relevance' and criteria.words is not null and criteria.meant is null
                then '(select distinct on (kind, subject_id) * from search.compared($1)) as entries'
            else 'search.entries where ' || search.all_conditions(criteria)
        end,
        ') as ranked',
        case when criteria.after_id is not null
            then ' where rank < ($1).after_rank or rank = ($1).after_rank and id > ($1).after_id'
        end,
        ' order by rank desc, id limit ($1).page_size + 1'
    )
    using criteria;
end;
$$;

/*
 * Return the first entries without words and filters, in the order of relevance. It reads the index
 * of that order only as far as the page goes.
 */
create function search.standing_hits(criteria search.entry_criteria)
returns setof search.hit
language plpgsql
stable
security invoker
set search_path = ''
set jit = 'off'
as $$
begin
    return query execute concat(
        'select entries.kind, entries.business_id, entries.subject_id, entries.standing::float8'
        ' from search.entries where ',
        search.base_conditions(criteria),
        case when criteria.kinds is not null then ' and entries.kind = any(($1).kinds)' end,
        case when criteria.after_id is not null
            then ' and entries.standing <= ($1).after_rank::real'
            ' and (entries.standing < ($1).after_rank::real or entries.subject_id > ($1).after_id)'
        end,
        ' order by entries.standing desc, entries.subject_id limit ($1).page_size + 1'
    )
    using criteria;
end;
$$;

/*
 * Return a page of what fits the criteria, best first, and one more if there is one.
 */
create function search.page_of(criteria search.entry_criteria)
returns search.hit[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if criteria.sort = 'relevance'
        and criteria.words is null
        and num_nonnulls(
            criteria.business_id, criteria.vertical_id, criteria.categories, criteria.brands,
            criteria.attributes, criteria.currency, criteria.min_price_minor,
            criteria.max_price_minor, criteria.min_rating, criteria.nearby, criteria.is_in_stock
        ) = 0 then
        return array(select hit from search.standing_hits(criteria) as hit);
    end if;
    return array(select hit from search.hits(criteria) as hit);
end;
$$;
