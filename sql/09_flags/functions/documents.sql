-- What may stand in the rules, constraints and variants of a flag. What is wrong is refused when it
-- is written, so that an evaluation never fails.

/*
 * Refuse a value that is not of the flag's type.
 *
 * Errors:  PT400 invalid_input
 */
create function flags.require_value(value jsonb, value_type flags.value_type, argument text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if coalesce(jsonb_typeof(value), 'nothing') <> value_type::text
        and not (value_type = 'json' and jsonb_typeof(value) in ('object', 'array')) then
        perform private.invalid(
            argument,
            'must be ' || case value_type when 'json' then 'an object or an array'
                else 'a ' || value_type::text end
        );
    end if;
end;
$$;

/*
 * Refuse what is not an array of objects with these keys, or is longer than 100.
 *
 * Errors:  PT400 invalid_input
 */
create function flags.require_list(list jsonb, argument text, known text[])
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_entry jsonb;
begin
    if coalesce(jsonb_typeof(list), 'nothing') <> 'array' or jsonb_array_length(list) > 100 then
        perform private.invalid(argument, 'must be an array of at most 100 objects');
    end if;
    for v_entry in select jsonb_array_elements(list) loop
        if jsonb_typeof(v_entry) <> 'object' then
            perform private.invalid(argument, 'must be an array of at most 100 objects');
        end if;
        perform private.refuse_unknown_keys(v_entry, argument, known);
    end loop;
end;
$$;

/*
 * Refuse variants that have no name or weight, or whose value is not of the flag's type.
 *
 * Errors:  PT400 invalid_input
 */
create function flags.require_variants(variants jsonb, value_type flags.value_type)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_variant jsonb;
begin
    perform flags.require_list(
        variants, 'variants', '{name,weight,value,stickiness,overrides}'
    );
    for v_variant in select jsonb_array_elements(variants) loop
        if coalesce(v_variant ->> 'name', '') = '' or v_variant ->> 'name' in ('on', 'off') then
            perform private.invalid('variants', 'must have names other than on and off');
        end if;
        if coalesce(v_variant ->> 'weight', '') !~ '^\d{1,6}$' then
            perform private.invalid('variants', 'must have weights from 0 to 999999');
        end if;
        perform flags.require_value(v_variant -> 'value', value_type, 'variants.value');
        if v_variant ? 'overrides' then
            perform flags.require_list(
                v_variant -> 'overrides', 'overrides', '{contextName,values}'
            );
            perform flags.require_texts(v_variant -> 'overrides', 'overrides');
        end if;
    end loop;
    if (select count(*) <> count(distinct list.variant ->> 'name')
        from jsonb_array_elements(variants) as list (variant)) then
        perform private.invalid('variants', 'must have different names');
    end if;
end;
$$;

/*
 * Refuse entries of a list that name no value of the context, or whose `values` are no texts.
 *
 * Errors:  PT400 invalid_input
 */
create function flags.require_texts(list jsonb, argument text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from jsonb_array_elements(list) as entries (entry)
        where
            coalesce(jsonb_typeof(entries.entry -> 'contextName'), 'nothing') <> 'string'
            or jsonb_typeof(entries.entry -> 'values') <> 'array'
            or jsonb_path_exists(entries.entry, '$.values[*] ? (@.type() != "string")')
    ) then
        perform private.invalid(argument, 'must have a contextName, and values that are texts');
    end if;
end;
$$;

/*
 * Is the value of a constraint one that its operator can compare with?
 */
create function flags.suits_operator(operator text, value text, has_values boolean)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(case
        when operator in (
            'IN', 'NOT_IN', 'IN_CIDR', 'STR_CONTAINS', 'STR_STARTS_WITH', 'STR_ENDS_WITH'
        ) then has_values
        when operator ~ '^NUM_(EQ|GT|GTE|LT|LTE)$' then flags.to_number(value) is not null
        when operator ~ '^SEMVER_(EQ|GT|GTE|LT|LTE)$' then
            flags.sortable_version(value) is not null
        when operator in ('DATE_AFTER', 'DATE_BEFORE') then flags.to_instant(value) is not null
    end, false);
end;
$$;

/*
 * Refuse constraints with an unknown operator, or with a value that it cannot compare with.
 *
 * Errors:  PT400 invalid_input
 */
create function flags.require_constraints(constraints jsonb)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_rule jsonb;
begin
    perform flags.require_list(
        constraints, 'constraints',
        '{contextName,operator,value,values,inverted,caseInsensitive}'
    );
    perform flags.require_texts(constraints, 'constraints');
    for v_rule in select jsonb_array_elements(constraints) loop
        if not flags.suits_operator(
            v_rule ->> 'operator', v_rule ->> 'value', v_rule ? 'values'
        ) then
            perform private.invalid(
                'constraints',
                'must have an operator of docs/flags.md and a value that it can compare with'
            );
        end if;
        if coalesce(jsonb_typeof(v_rule -> 'inverted'), 'boolean') <> 'boolean'
            or coalesce(jsonb_typeof(v_rule -> 'caseInsensitive'), 'boolean') <> 'boolean' then
            perform private.invalid('constraints', 'must have true or false for inverted and caseInsensitive');
        end if;
    end loop;
end;
$$;

/*
 * Refuse rules that cannot be evaluated.
 *
 * Errors:  PT400 invalid_input
 */
create function flags.require_rules(rules jsonb, value_type flags.value_type)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_rule jsonb;
begin
    perform flags.require_list(
        rules, 'rules', '{percentage,groupId,stickiness,constraints,segments,variants}'
    );
    for v_rule in select jsonb_array_elements(rules) loop
        if v_rule ? 'percentage' and v_rule ->> 'percentage' !~ '^(\d|[1-9]\d|100)$' then
            perform private.invalid('rules.percentage', 'must be a whole number from 0 to 100');
        end if;
        if v_rule ? 'constraints' then
            perform flags.require_constraints(v_rule -> 'constraints');
        end if;
        if v_rule ? 'variants' and v_rule -> 'variants' <> '[]' then
            if value_type = 'boolean' then
                perform private.invalid('rules.variants', 'must be empty for a boolean flag');
            end if;
            perform flags.require_variants(v_rule -> 'variants', value_type);
        end if;
        perform flags.require_segments(v_rule -> 'segments');
    end loop;
end;
$$;

/*
 * Refuse segments that do not exist. They are locked, so that nobody deletes them meanwhile.
 * Definer: nobody has a right to lock segments.
 *
 * Errors:  PT400 invalid_input
 */
create function flags.require_segments(names jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if names is null then
        return;
    end if;
    if jsonb_typeof(names) <> 'array' then
        perform private.invalid('rules.segments', 'must be an array of names');
    end if;
    perform 1 from flags.segments where names ? segments.name for key share;
    if exists (
        select 1
        from jsonb_array_elements_text(names) as wanted (name)
        where not exists (select 1 from flags.segments where segments.name = wanted.name)
    ) then
        perform private.invalid('rules.segments', 'must name segments that exist');
    end if;
end;
$$;
