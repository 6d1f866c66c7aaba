-- Reading what public.search is asked: the words, the kinds, the filters with their types, and
-- where the page begins.

/*
 * Read the kinds that somebody looks for; null is all of them.
 *
 * Errors:  PT400 invalid_input
 */
create function search.to_kinds(value text)
returns search.kind[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_list constant jsonb = private.to_list(value, 'kinds', 3);
begin
    if exists (
        select 1
        from jsonb_array_elements(v_list) as element
        where element not in ('"product"', '"service"', '"business"')
    ) then
        perform private.invalid('kinds', 'must have only product, service and business');
    end if;
    return (
        select array_agg((element #>> '{}')::search.kind)
        from jsonb_array_elements(v_list) as element
    );
end;
$$;

/*
 * Read a JSON array of at most 50 texts of at most 200 characters; null stays null.
 *
 * Errors:  PT400 invalid_input
 */
create function search.to_texts(value text, argument text)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_list jsonb;
begin
    if value is null then
        return null;
    end if;
    v_list = private.to_list(value, argument, 50);
    if v_list = '[]' or exists (
        select 1
        from jsonb_array_elements(v_list) as element
        where jsonb_typeof(element) <> 'string' or length(element #>> '{}') not between 1 and 200
    ) then
        perform private.invalid(argument, 'must have texts of 1 to 200 characters');
    end if;
    return array(select element #>> '{}' from jsonb_array_elements(v_list) as element);
end;
$$;

/*
 * Return what an attribute requires of the value that somebody filters by: the end of a sentence,
 * or null if the value fits. A filter is a value, an array of values, or an object with min and
 * max.
 */
create function search.filter_fault(attribute catalog.product_attributes, filter jsonb)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if jsonb_typeof(filter) = 'array' then
        return coalesce(
            (
                select catalog.attribute_fault(attribute, element)
                from jsonb_array_elements(filter) as element
                where catalog.attribute_fault(attribute, element) is not null
                limit 1
            ),
            case
                when jsonb_array_length(filter) not between 1 and 50
                    then 'must be an array of 1 to 50 values'
            end
        );
    elsif jsonb_typeof(filter) <> 'object' then
        return catalog.attribute_fault(attribute, filter);
    elsif attribute.kind not in ('number', 'date') then
        return 'must be a value or an array of values, because only numbers and dates have a range';
    elsif filter = '{}' or filter - '{min,max}'::text[] <> '{}' then
        return 'must have min, max or both';
    end if;
    return (
        select catalog.attribute_fault(attribute, bound.value)
        from jsonb_each(filter) as bound (key, value)
        where catalog.attribute_fault(attribute, bound.value) is not null
        limit 1
    );
end;
$$;

/*
 * Read the attributes that somebody filters by. Each must be an attribute of the business, or of
 * any business that is open to the public, and its value must fit the type.
 *
 * Errors:  PT400 invalid_input
 */
create function search.to_attributes(value text, business_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_wanted constant jsonb = private.to_object(value, 'filters.attributes');
    v_filter record;
    v_name text;
    v_faults text[];
begin
    if v_wanted = '{}' then
        return null;
    elsif (select count(*) from jsonb_object_keys(v_wanted)) > 20 then
        perform private.invalid('filters.attributes', 'must have at most 20 keys');
    end if;
    for v_filter in
        select filters.key, filters.value from jsonb_each(v_wanted) as filters (key, value)
    loop
        v_name = 'filters.attributes.'
        || left(regexp_replace(v_filter.key, '[^ -~]', '?', 'g'), 50);
        v_faults = array(
            select coalesce(search.filter_fault(product_attributes, v_filter.value), '')
            from catalog.product_attributes
            where
                product_attributes.key = v_filter.key
                and (
                    to_attributes.business_id is null
                    or product_attributes.business_id = to_attributes.business_id
                )
                and business.is_open(product_attributes.business_id)
        );
        if v_faults = '{}' then
            perform private.invalid(v_name, 'is not an attribute of any product');
        elsif '' <> all(v_faults) then
            perform private.invalid(v_name, v_faults[1]);
        end if;
    end loop;
    return v_wanted;
end;
$$;

/*
 * Return criteria with the words that somebody typed. If nothing contains them as they are, words
 * of the catalog that are one typing error away count too.
 *
 * Errors:  PT400 invalid_input
 */
create function search.with_words(criteria search.entry_criteria, q text, wanted text[])
returns search.entry_criteria
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_criteria search.entry_criteria = criteria;
    v_text constant text = private.to_text(q, 'q', 200);
begin
    if v_text is null then
        return v_criteria;
    end if;
    v_criteria.folded = search.fold(v_text);
    if v_criteria.folded = '' then
        perform private.invalid('q', 'must contain a letter or a digit');
    elsif cardinality(string_to_array(v_criteria.folded, ' ')) > 20 then
        perform private.invalid('q', 'must have at most 20 words');
    end if;
    v_criteria.terms = search.terms(v_text, wanted);
    v_criteria.words = search.to_query(v_criteria.terms);
    if not search.has_matches(v_criteria) then
        v_criteria.terms = search.with_similar_words(v_criteria.terms);
        v_criteria.words = search.to_query(v_criteria.terms);
    end if;
    return v_criteria;
end;
$$;

/*
 * Return criteria with filters.
 *
 * Errors:  PT400 invalid_input
 */
create function search.with_filters(criteria search.entry_criteria, filters jsonb)
returns search.entry_criteria
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_criteria search.entry_criteria = criteria;
    v_near constant double precision[] = private.to_place(filters ->> 'near', 'filters.near');
    v_radius constant integer = private.to_whole_number(
        filters ->> 'radius_km', 'filters.radius_km', 1, 200, if_null => 25
    );
    v_rating numeric;
begin
    v_criteria.business_id = private.to_identifier(
        filters ->> 'business_id', 'filters.business_id', false
    );
    v_criteria.vertical_id = private.to_text(filters ->> 'vertical', 'filters.vertical', 50);
    v_criteria.categories = search.to_texts(filters ->> 'categories', 'filters.categories');
    v_criteria.brands = search.to_texts(filters ->> 'brands', 'filters.brands');
    v_criteria.currency = private.to_text(filters ->> 'currency', 'filters.currency', 3);
    v_criteria.min_price_minor = private.to_minor_units(
        filters ->> 'min_price_minor', 'filters.min_price_minor'
    );
    v_criteria.max_price_minor = private.to_minor_units(
        filters ->> 'max_price_minor', 'filters.max_price_minor'
    );
    v_criteria.is_in_stock = nullif(
        private.to_yes_no(filters ->> 'in_stock', 'filters.in_stock'), false
    );
    v_rating = private.to_whole_number(filters ->> 'min_rating', 'filters.min_rating', 1, 5, false);
    v_criteria.min_rating = (v_rating - 1) / 4;
    if v_near is not null then
        v_criteria.here = business.point_on_earth(v_near[1], v_near[2]);
        v_criteria.nearby = search.businesses_around(v_near[1], v_near[2], v_radius);
    elsif filters ? 'radius_km' then
        perform private.invalid('filters.radius_km', 'requires filters.near');
    end if;
    v_criteria.attributes = search.to_attributes(
        filters ->> 'attributes', v_criteria.business_id
    );
    return v_criteria;
end;
$$;

/*
 * Return criteria with an order, and with where the page begins: next_cursor of the page before.
 *
 * Errors:  PT400 invalid_input
 */
create function search.with_page(
    criteria search.entry_criteria, sort text, page_size text, cursor text
)
returns search.entry_criteria
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_criteria search.entry_criteria = criteria;
begin
    v_criteria.sort = coalesce(sort, 'relevance');
    v_criteria.page_size = private.to_whole_number(page_size, 'limit', 1, 50, if_null => 20);
    if v_criteria.sort <> all(
        '{relevance,price,price_descending,newest,rating,popular,distance}'::text[]
    ) then
        perform private.invalid(
            'sort',
            'must be relevance, price, price_descending, newest, rating, popular or distance'
        );
    elsif v_criteria.sort = 'distance' and v_criteria.here is null then
        perform private.invalid('sort', 'must not be distance without filters.near');
    elsif v_criteria.sort like 'price%' and v_criteria.currency is null then
        perform private.invalid('filters.currency', 'is required to sort by price');
    end if;
    if cursor is not null then
        if cursor !~ '^(-?\d{1,18}(\.\d{1,18})?(e[+-]?\d{1,3})?|-Infinity),[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
            or not pg_input_is_valid(split_part(cursor, ',', 1), 'float8') then
            perform private.invalid('cursor', 'must be a next_cursor of search');
        end if;
        v_criteria.after_rank = split_part(cursor, ',', 1)::double precision;
        v_criteria.after_id = split_part(cursor, ',', 2)::uuid;
    end if;
    return v_criteria;
end;
$$;
