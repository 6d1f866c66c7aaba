-- Which attributes hold for a product, and which values they take.

/*
 * Return the attributes that hold in a category: its own, those of the categories above it and
 * those of the whole business. The nearest one holds of each key.
 */
create function catalog.attributes_in_category(business_id uuid, category_id uuid)
returns setof catalog.product_attributes
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with recursive levels as (
        select attributes_in_category.category_id as id, 0 as distance
        union all
        select product_categories.parent_id, levels.distance + 1
        from levels
        inner join catalog.product_categories
            on
                product_categories.business_id = attributes_in_category.business_id
                and product_categories.id = levels.id
    )
    select distinct on (product_attributes.key) product_attributes.*
    from levels
    inner join catalog.product_attributes
        on
            product_attributes.business_id = attributes_in_category.business_id
            and product_attributes.category_id is not distinct from levels.id
    order by product_attributes.key, levels.distance;
end;
$$;

/*
 * Return what an attribute requires of a value: the end of a sentence, or null if the value fits.
 */
create function catalog.attribute_fault(attribute catalog.product_attributes, value jsonb)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_type constant text = jsonb_typeof(value);
    v_text constant text = value #>> '{}';
begin
    case attribute.kind
        when 'text' then
            if v_type <> 'string' or length(btrim(v_text)) not between 1 and 500
                or private.has_control_characters(v_text) then
                return 'must be a text of 1 to 500 printable characters';
            end if;
        when 'number' then
            if v_type <> 'number' then
                return 'must be a number';
            end if;
        when 'yes_no' then
            if v_type <> 'boolean' then
                return 'must be true or false';
            end if;
        when 'choice' then
            if v_type <> 'string' or v_text <> all(attribute.choices) then
                return 'must be one of ' || array_to_string(attribute.choices, ', ');
            end if;
        when 'date' then
            if v_type <> 'string' or v_text !~ '^\d{4}-\d\d-\d\d$'
                or not pg_input_is_valid(v_text, 'date') then
                return 'must be a date, such as 2031-03-30';
            end if;
    end case;
    return null;
end;
$$;

/*
 * Return what is wrong with the values that a product of a category has, attribute by attribute:
 * one that does not hold there, a value that does not fit, and, if the product is published, a
 * required one that is missing.
 */
create function catalog.attribute_faults(
    business_id uuid, category_id uuid, attributes jsonb, is_published boolean
)
returns table (key text, sentence text)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select faults.key, faults.sentence
    from (
        select
            coalesce(held.key, sent.key) as key,
            case
                when held.key is null then 'is not an attribute of the category'
                when sent.key is not null
                    then catalog.attribute_fault(held.attribute, sent.value)
                when attribute_faults.is_published and (held.attribute).is_required
                    then 'is required of a published product'
            end as sentence
        from (
            select (product_attributes).key, product_attributes as attribute
            from catalog.attributes_in_category(
                attribute_faults.business_id, attribute_faults.category_id
            ) as product_attributes
        ) as held
        full join jsonb_each(attribute_faults.attributes) as sent (key, value)
            on sent.key = held.key
    ) as faults
    where faults.sentence is not null
    order by faults.key;
end;
$$;

/*
 * Does a product have the values that somebody looks for? For each attribute: a value to equal, an
 * array of values of which one is had, or an object with the least and the greatest value.
 */
create function catalog.has_attributes(attributes jsonb, wanted jsonb)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return not exists (
        select 1
        from jsonb_each(wanted) as filters (key, value)
        where not coalesce(
            case jsonb_typeof(filters.value)
                when 'array' then filters.value @> (attributes -> filters.key)
                when 'object'
                    then attributes -> filters.key >= coalesce(
                        filters.value -> 'min', attributes -> filters.key
                    )
                    and attributes -> filters.key <= coalesce(
                        filters.value -> 'max', attributes -> filters.key
                    )
                else attributes -> filters.key = filters.value
            end,
            false
        )
    );
end;
$$;

/*
 * Return, of the values that somebody looks for, those to equal: what an index can find.
 */
create function catalog.exact_values(wanted jsonb)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select jsonb_object_agg(filters.key, filters.value)
            from jsonb_each(wanted) as filters (key, value)
            where jsonb_typeof(filters.value) not in ('array', 'object')
        ),
        '{}'
    );
end;
$$;

/*
 * Return the values of a product's attributes with numbers and yes or no read from texts, as a CSV
 * file has them. What does not read so stays as it is, and is refused with the product.
 */
create function catalog.read_attributes(business_id uuid, category_id uuid, attributes jsonb)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if attributes = '{}' then
        return attributes;
    end if;
    return (
        select jsonb_object_agg(
            sent.key,
            case
                when jsonb_typeof(sent.value) <> 'string' then sent.value
                when held.kind = 'number' and sent.value #>> '{}' ~ '^-?\d{1,30}(\.\d{1,30})?$'
                    or held.kind = 'yes_no' and sent.value #>> '{}' in ('true', 'false')
                    then (sent.value #>> '{}')::jsonb
                else sent.value
            end
        )
        from jsonb_each(read_attributes.attributes) as sent (key, value)
        left join catalog.attributes_in_category(
            read_attributes.business_id, read_attributes.category_id
        ) as held
            on held.key = sent.key
    );
end;
$$;
