-- Whom a rule and a variant choose. What is asked for every evaluation is written so that plpgsql
-- needs no statement for it: an expression with a subselect costs ten times one without.

/*
 * Return the text that the hash of a percentage is made of: the value that stickiness names.
 * `default` takes the user, then the session, then chance; `random` is chance each time.
 */
create function flags.sticky_value(stickiness text, context jsonb)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case coalesce(stickiness, 'default')
        when 'default' then
            coalesce(context ->> 'userId', context ->> 'sessionId', random()::text)
        when 'random' then random()::text
        else context ->> stickiness
    end;
end;
$$;

/*
 * Do the constraints of all these segments hold for a context?
 */
create function flags.segments_hold(names jsonb, context jsonb)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return not exists (
        select 1
        from jsonb_array_elements_text(names) as wanted (name)
        left join flags.segments on segments.name = wanted.name
        where
            segments.name is null
            or not flags.constraints_hold(segments.constraints, segments_hold.context)
    );
end;
$$;

/*
 * Does a rule match a context? Its constraints and those of its segments have to hold, and the
 * subject's bucket has to be within the percentage.
 */
create function flags.rule_matches(rule jsonb, key text, context jsonb)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_percentage integer = coalesce((rule ->> 'percentage')::integer, 100);
    v_sticky text;
begin
    if v_percentage = 0
        or rule ? 'constraints' and not flags.constraints_hold(rule -> 'constraints', context) then
        return false;
    end if;
    if rule ? 'segments' then
        if not flags.segments_hold(rule -> 'segments', context) then
            return false;
        end if;
    end if;
    if not rule ? 'percentage' then
        return true;
    end if;
    v_sticky = flags.sticky_value(rule ->> 'stickiness', context);
    return v_sticky is not null
        and (
            v_percentage = 100
            -- As flags.bucket, without another call.
            or flags.murmur3(coalesce(rule ->> 'groupId', key) || ':' || v_sticky) % 100
            < v_percentage
        );
end;
$$;

/*
 * Return the variant of a list for a context: the one that names a value of the context, else the
 * one that the subject's hash selects by weight. Returns null when no variant has a weight.
 */
create function flags.select_variant(
    variants jsonb, group_id text, stickiness text, context jsonb
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_total integer = (
        select sum((variant ->> 'weight')::integer)
        from jsonb_array_elements(variants) as list (variant)
    );
    v_bucket integer;
    v_variant jsonb;
begin
    select list.variant into v_variant
    from jsonb_array_elements(variants) with ordinality as list (variant, position)
    cross join jsonb_array_elements(coalesce(list.variant -> 'overrides', '[]')) as chosen (rule)
    where chosen.rule -> 'values' ? (select_variant.context ->> (chosen.rule ->> 'contextName'))
    order by list.position
    limit 1;
    if found or coalesce(v_total, 0) = 0 then
        return v_variant;
    end if;
    -- A seed of its own, so that the first variant is not everybody who came in first.
    v_bucket = flags.bucket(
        coalesce(flags.sticky_value(stickiness, context), random()::text), group_id, v_total,
        86028157
    );
    return (
        select weighed.variant
        from (
            select
                list.variant,
                list.position,
                sum((list.variant ->> 'weight')::integer) over (order by list.position) as until
            from jsonb_array_elements(variants) with ordinality as list (variant, position)
        ) as weighed
        where weighed.until >= v_bucket
        order by weighed.position
        limit 1
    );
end;
$$;
