-- The conditions of the queries for entries. A query has only those that were asked for, so that it
-- is planned for its own index. Its parameter $1 is the criteria; no text of a caller is part of a
-- query, but for the names of attributes, which are quoted.

/*
 * Return the conditions that say what somebody may see, and which words it must contain or what it
 * must mean, at the business that was asked for.
 */
create function search.base_conditions(criteria search.entry_criteria)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return concat_ws(
        ' and ',
        case
            when criteria.meant is not null
                then '(entries.words @@ ($1).words or entries.subject_id = any(($1).meant))'
            when criteria.words is not null then 'entries.words @@ ($1).words'
        end,
        case when criteria.business_id is not null
            then 'entries.business_id = ($1).business_id' end,
        'entries.business_id <> all(($1).hidden_businesses)',
        '(entries.access is null'
        ' or entries.business_id || '' '' || entries.access = any(($1).passes)'
        ' or entries.business_id = any(($1).own_businesses))'
    );
end;
$$;

/*
 * Return the conditions of filters that have no facet.
 */
create function search.other_conditions(criteria search.entry_criteria)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return concat_ws(
        ' and ',
        'true',
        case when criteria.min_rating is not null then 'entries.rating >= ($1).min_rating' end,
        case when criteria.nearby is not null then 'entries.business_id = any(($1).nearby)' end,
        case when criteria.is_in_stock
            then 'entries.kind = ''product'''
            ' and search.is_in_stock(entries.business_id, entries.subject_id)' end
    );
end;
$$;

/*
 * Return the conditions of filters that have a facet, each with the bit of its facet.
 */
create function search.facet_conditions(criteria search.entry_criteria)
returns table (bit_value bigint, condition text)
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if criteria.kinds is not null then
        return query values (1::bigint, 'entries.kind = any(($1).kinds)');
    end if;
    if criteria.categories is not null then
        return query values (2::bigint, 'entries.categories && ($1).categories');
    end if;
    if criteria.brands is not null then
        return query values (4::bigint, 'entries.brand = any(($1).brands)');
    end if;
    if criteria.vertical_id is not null then
        return query values (8::bigint, 'entries.vertical_id = ($1).vertical_id');
    end if;
    if criteria.currency is not null then
        return query values (16::bigint, 'entries.currency = ($1).currency');
    end if;
    if criteria.min_price_minor is not null then
        return query values (32::bigint, 'entries.highest_price_minor >= ($1).min_price_minor');
    end if;
    if criteria.max_price_minor is not null then
        return query values (64::bigint, 'entries.lowest_price_minor <= ($1).max_price_minor');
    end if;
    return query
    select
        attributes.flag,
        format(
            'catalog.has_attributes(entries.attributes, jsonb_build_object(%1$L, ($1).attributes -> %1$L))',
            attributes.key
        )
    from search.attribute_bits(criteria.attributes) as attributes;
end;
$$;

/*
 * Return the bit of each attribute that is filtered by, from 256 upwards.
 */
create function search.attribute_bits(wanted jsonb)
returns table (key text, flag bigint)
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return query
    select filters.key, 128::bigint << (row_number() over (order by filters.key))::integer
    from jsonb_object_keys(wanted) as filters (key);
end;
$$;
