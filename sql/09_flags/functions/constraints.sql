-- Constraints on the context of an evaluation, with the operators of Unleash. A constraint that
-- cannot be read holds for nobody; a text that is no number, version, instant or address holds no
-- comparison.

/*
 * Return a value of the context as text, or null. The time is that of the database unless the
 * context names another.
 */
create function flags.context_value(context jsonb, name text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        context ->> name,
        case when name = 'currentTime' then to_json(private.now()) #>> '{}' end
    );
end;
$$;

/*
 * Return a semantic version in a form that compares as versions do, or null when it is none.
 * Numbers come before words, and what precedes a release comes before the release.
 * Source:  https://semver.org, section 11
 */
create function flags.sortable_version(version text)
returns text[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_parts text[] = regexp_match(
        version,
        '^(0|[1-9]\d{0,15})\.(0|[1-9]\d{0,15})\.(0|[1-9]\d{0,15})'
        '(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?$'
    );
begin
    if v_parts is null then
        return null;
    end if;
    return array(select lpad(number, 16, '0') from unnest(v_parts[1:3]) as parts (number))
        || case
            when v_parts[4] is null then '{2}'::text[]
            else array(
                select case
                    when word ~ '^\d+$' then '0' || lpad(word, 40, '0')
                    else '1' || word
                end
                from unnest(string_to_array(v_parts[4], '.')) as words (word)
            )
        end;
end;
$$;

/*
 * Compare two values by the last part of an operator: EQ, GT, GTE, LT, LTE, or AFTER and BEFORE.
 */
create function flags.compares(operator text, a anycompatible, b anycompatible)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return coalesce(case operator
        when 'EQ' then a = b
        when 'GT' then a > b
        when 'AFTER' then a > b
        when 'GTE' then a >= b
        when 'LT' then a < b
        when 'BEFORE' then a < b
        when 'LTE' then a <= b
    end, false);
end;
$$;

/*
 * Does a text contain one of the values, or begin or end with it?
 */
create function flags.has_text(operator text, value text, wanted text[])
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from unnest(wanted) as words (word)
        where case operator
            when 'STR_CONTAINS' then strpos(value, word) > 0
            when 'STR_STARTS_WITH' then starts_with(value, word)
            when 'STR_ENDS_WITH' then starts_with(reverse(value), reverse(word))
        end
    );
end;
$$;

/*
 * Is a network address inside one of the ranges? What is no range is passed over.
 */
create function flags.is_in_ranges(address inet, ranges text[])
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from unnest(ranges) as words (word)
        where address <<= private.to_address(word)
    );
end;
$$;

/*
 * Return a text as a number, or null when it is none.
 */
create function flags.to_number(value text)
returns numeric
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case when value ~ '^[-+]?(\d{1,100}(\.\d{0,100})?|\.\d{1,100})$' then value::numeric end;
end;
$$;

/*
 * Return a text as an instant, or null when it is none. Without an offset it is in UTC.
 */
create function flags.to_instant(value text)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value !~ '^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[-+]\d\d:?\d\d)?)?$' then
        return null;
    end if;
    return case
        when value ~ '(Z|[T ].*[-+]\d\d:?\d\d)$' then value::timestamptz
        else value::timestamp at time zone 'UTC'
    end;
exception
    when datetime_field_overflow or invalid_datetime_format then
        return null;
end;
$$;

/*
 * Does what a constraint says hold for a value of the context, before it is inverted?
 */
create function flags.operator_holds(rule jsonb, value text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_operator text = rule ->> 'operator';
    v_family text = split_part(v_operator, '_', 1);
    v_is_folded boolean = v_family = 'STR'
        and coalesce((rule ->> 'caseInsensitive')::boolean, false);
    v_values text[] = array(
        select case when v_is_folded then lower(word) else word end
        from jsonb_array_elements_text(coalesce(rule -> 'values', '[]')) as words (word)
    );
    v_wanted text = rule ->> 'value';
begin
    return coalesce(case
        when v_operator = 'IN' then value = any(v_values)
        when v_operator = 'NOT_IN' then value is null or value <> all(v_values)
        when v_operator = 'IN_CIDR' then
            flags.is_in_ranges(private.to_address(value), v_values)
        when v_family = 'STR' then
            flags.has_text(
                v_operator, case when v_is_folded then lower(value) else value end, v_values
            )
        when v_family = 'NUM' then
            flags.compares(
                split_part(v_operator, '_', 2), flags.to_number(value), flags.to_number(v_wanted)
            )
        when v_family = 'DATE' then
            flags.compares(
                split_part(v_operator, '_', 2), flags.to_instant(value), flags.to_instant(v_wanted)
            )
        when v_family = 'SEMVER' then
            flags.compares(
                split_part(v_operator, '_', 2),
                flags.sortable_version(value) collate "C",
                flags.sortable_version(v_wanted) collate "C"
            )
    end, false);
end;
$$;

/*
 * Do all constraints of a list hold for a context?
 */
create function flags.constraints_hold(constraints jsonb, context jsonb)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_rule jsonb;
begin
    if constraints is null or constraints = '[]' then
        return true;
    end if;
    for v_rule in select jsonb_array_elements(constraints) loop
        if flags.operator_holds(v_rule, flags.context_value(context, v_rule ->> 'contextName'))
            = coalesce((v_rule ->> 'inverted')::boolean, false) then
            return false;
        end if;
    end loop;
    return true;
end;
$$;
