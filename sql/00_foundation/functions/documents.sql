/*
 * Read a place as latitude and longitude, in this order. Null stays null.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_place(value text, argument text)
returns double precision[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_place jsonb;
begin
    if value is null then
        return null;
    end if;
    v_place = private.to_object(value, argument, '{latitude,longitude}');
    if jsonb_typeof(v_place -> 'latitude') is distinct from 'number'
        or jsonb_typeof(v_place -> 'longitude') is distinct from 'number'
        or (v_place ->> 'latitude')::numeric not between -90 and 90
        or (v_place ->> 'longitude')::numeric not between -180 and 180 then
        perform private.invalid(
            argument,
            'must be a place on earth, such as {"latitude": 52.52, "longitude": 13.405}'
        );
    end if;
    -- Nine decimals are less than a millimetre. A longer number could be too small for a double.
    return array[
        round((v_place ->> 'latitude')::numeric, 9), round((v_place ->> 'longitude')::numeric, 9)
    ]::double precision[];
end;
$$;

/*
 * Read a JSON array of at most so many elements. Null is an empty one.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_list(value text, argument text, maximum integer)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_list jsonb;
begin
    begin
        v_list = coalesce(value, '[]')::jsonb;
    exception
        when invalid_text_representation or untranslatable_character
        or numeric_value_out_of_range then
            v_list = null;
    end;
    if jsonb_typeof(v_list) is distinct from 'array' then
        perform private.invalid(argument, 'must be a JSON array');
    end if;
    if jsonb_array_length(v_list) > maximum then
        perform private.invalid(argument, format('must have at most %s elements', maximum));
    end if;
    return v_list;
end;
$$;

/*
 * Read a JSON object with some keys; null is an empty object. Any other key is refused by name, so
 * that nothing that a client sends is ignored. Without a list of keys every key is allowed, for
 * callers that check the keys themselves.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_object(value text, argument text, keys text[] default null)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_object jsonb;
begin
    if value is null then
        return '{}';
    end if;
    begin
        v_object = value::jsonb;
    exception
        when invalid_text_representation or untranslatable_character
        or numeric_value_out_of_range then
            v_object = null;
    end;
    if jsonb_typeof(v_object) is distinct from 'object' then
        perform private.invalid(argument, 'must be a JSON object');
    end if;
    if keys is not null then
        perform private.refuse_unknown_keys(v_object, argument, keys);
    end if;
    return v_object;
end;
$$;

/*
 * Refuse an object that has other keys than some.
 *
 * Errors:  PT400 invalid_input
 */
create function private.refuse_unknown_keys(value jsonb, argument text, keys text[])
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_unknown text;
begin
    select sent.key into v_unknown
    from jsonb_object_keys(value) as sent (key)
    where sent.key <> all(keys)
    order by sent.key
    limit 1;
    if found then
        perform private.invalid(
            argument || '.' || left(regexp_replace(v_unknown, '[^ -~]', '?', 'g'), 50),
            format('is not known; the keys are %s', array_to_string(keys, ', '))
        );
    end if;
end;
$$;

/*
 * Read a JSON array of at most so many objects with some keys, as private.to_object reads each.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_objects(value text, argument text, maximum integer, keys text[])
returns jsonb[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select private.to_object(element.value::text, argument, keys)
        from jsonb_array_elements(private.to_list(value, argument, maximum))
            with ordinality as element (value, position)
        order by element.position
    );
end;
$$;

/*
 * Read a list of identifiers, as a JSON array or as {a,b}. Returns each once, sorted.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_identifiers(value text, argument text)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_list jsonb;
begin
    if value is null or value in ('[]', '{}') then
        return '{}'::uuid[];
    end if;
    v_list = case
        when value ~ '^\{[0-9a-fA-F,-]*\}$' then to_jsonb(string_to_array(btrim(value, '{}'), ','))
        else private.to_list(value, argument, 50)
    end;
    return array(
        select distinct private.to_identifier(element.value, argument) as id
        from jsonb_array_elements_text(v_list) as element (value)
        order by id
    );
end;
$$;
