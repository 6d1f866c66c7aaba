-- Facets: how many results each value of a filter would have. Each facet ignores its own filter and
-- obeys all others, so the counts say what a click on a value brings. At most 5,000 entries are
-- counted, because counting 100,000 takes half a second.

-- An entry that fits the words, with the filters that it does not pass: a bit for each filter. An
-- entry without bits is a result.
create type search.match as (
    kind search.kind,
    categories text array,
    brand text,
    vertical_id text,
    currency text,
    lowest_price_minor bigint,
    attributes jsonb,
    failed bigint
);

/*
 * Return the entries that fit the words and the filters without a facet, with the filters that each
 * does not pass. Return one more than are counted if there are more.
 */
create function search.matches(criteria search.entry_criteria)
returns setof search.match
language plpgsql
stable
security invoker
set search_path = ''
set jit = 'off'
as $$
begin
    return query execute concat(
        'select entries.kind, entries.categories, entries.brand, entries.vertical_id,'
        ' entries.currency, entries.lowest_price_minor, entries.attributes, ',
        (
            select concat_ws(
                ' + ', '0::bigint',
                string_agg(
                    format(
                        'case when %s then 0 else %s end', filter.condition, filter.bit_value
                    ),
                    ' + '
                )
            )
            from search.facet_conditions(criteria) as filter
        ),
        ' from search.entries where ', search.base_conditions(criteria),
        ' and ', search.other_conditions(criteria), ' limit 5001'
    )
    using criteria;
end;
$$;

/*
 * Return how often each value of each facet occurs in some entries. A facet of an attribute is
 * called attributes.KEY.
 */
create function search.count_values(matches search.match[], wanted jsonb)
returns table (facet text, value jsonb, count bigint)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    with matched as materialized (
        select * from unnest(matches)
    ),

    -- Many entries have the same attributes, and to take these apart costs most.
    described as (
        select matched.attributes, matched.failed, count(*) as count
        from matched
        where matched.attributes <> '{}'
        group by matched.attributes, matched.failed
    )

    select 'kinds', to_jsonb(matched.kind), count(*)
    from matched
    where matched.failed & ~1::bigint = 0
    group by matched.kind
    union all
    select 'categories', to_jsonb(category), count(*)
    from matched
    cross join lateral unnest(matched.categories) as category
    where matched.failed & ~2::bigint = 0
    group by category
    union all
    select 'brands', to_jsonb(matched.brand), count(*)
    from matched
    where matched.failed & ~4::bigint = 0 and matched.brand is not null
    group by matched.brand
    union all
    select 'verticals', to_jsonb(matched.vertical_id), count(*)
    from matched
    where matched.failed & ~8::bigint = 0
    group by matched.vertical_id
    union all
    select 'attributes.' || attribute.key, attribute.value, sum(described.count)::bigint
    from described
    cross join lateral jsonb_each(described.attributes) as attribute (key, value)
    left join search.attribute_bits(wanted) as bits on bits.key = attribute.key
    where described.failed & ~coalesce(bits.flag, 0::bigint) = 0
    group by attribute.key, attribute.value;
end;
$$;

/*
 * Return the lowest and the highest price of some entries in each currency, with their number.
 */
create function search.count_prices(matches search.match[])
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return (
        select coalesce(jsonb_agg(to_jsonb(prices) order by prices.count desc, prices.currency), '[]')
        from (
            select
                matched.currency,
                min(matched.lowest_price_minor) as lowest_price_minor,
                max(matched.lowest_price_minor) as highest_price_minor,
                count(*) as count
            from unnest(matches) as matched
            where matched.failed & ~112::bigint = 0 and matched.lowest_price_minor is not null
            group by matched.currency
        ) as prices
    );
end;
$$;

/*
 * Return the facets of a search: {count, is_complete, kinds, categories, brands, verticals, prices,
 * attributes}. Each list has at most 50 values, the most frequent first. is_complete is false if
 * more entries fit than are counted: then the counts are too low.
 */
create function search.facets(criteria search.entry_criteria)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_found constant search.match[] = array(select match from search.matches(criteria) as match);
    v_matches constant search.match[] = v_found[:5000];
    v_lists jsonb;
begin
    select coalesce(jsonb_object_agg(lists.facet, lists.list), '{}') into v_lists
    from (
        select
            numbered.facet,
            jsonb_agg(
                jsonb_build_object('value', numbered.value, 'count', numbered.count)
                order by numbered.place
            ) as list
        from (
            select
                counted.*,
                row_number() over (
                    partition by counted.facet order by counted.count desc, counted.value
                ) as place
            from search.count_values(v_matches, coalesce(criteria.attributes, '{}')) as counted
        ) as numbered
        where numbered.place <= 50
        group by numbered.facet
    ) as lists;
    return jsonb_build_object(
        'count', (select count(*) from unnest(v_matches) as matched where matched.failed = 0),
        'is_complete', cardinality(v_found) <= 5000,
        'kinds', coalesce(v_lists -> 'kinds', '[]'),
        'categories', coalesce(v_lists -> 'categories', '[]'),
        'brands', coalesce(v_lists -> 'brands', '[]'),
        'verticals', coalesce(v_lists -> 'verticals', '[]'),
        'prices', search.count_prices(v_matches),
        'attributes', (
            select coalesce(jsonb_object_agg(substr(lists.facet, 12), lists.list), '{}')
            from jsonb_each(v_lists) as lists (facet, list)
            where lists.facet like 'attributes.%'
        )
    );
end;
$$;
