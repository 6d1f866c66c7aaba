-- What a subject gets from a flag. The order of the questions is the promise: a flag that is off or
-- outside of its schedule is off for all; a denied subject never gets it; prerequisites come before
-- targets; a target gets it whatever the percentage says; then the first rule that matches counts.

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
    if v_percentage = 0 or not flags.constraints_hold(rule -> 'constraints', context) then
        return false;
    end if;
    if rule ? 'segments' and exists (
        select 1
        from jsonb_array_elements_text(rule -> 'segments') as wanted (name)
        left join flags.segments on segments.name = wanted.name
        where
            segments.name is null
            or not flags.constraints_hold(segments.constraints, rule_matches.context)
    ) then
        return false;
    end if;
    if not rule ? 'percentage' then
        return true;
    end if;
    v_sticky = flags.sticky_value(rule ->> 'stickiness', context);
    return v_sticky is not null
        and (
            v_percentage = 100
            or flags.bucket(v_sticky, coalesce(rule ->> 'groupId', key)) <= v_percentage
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

/*
 * Return the evaluation of a flag that is off.
 */
create function flags.switched_off(flag flags.flags, reason text)
returns flags.evaluation
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_evaluation flags.evaluation;
begin
    v_evaluation.key = flag.key;
    v_evaluation.is_on = false;
    v_evaluation.variant = 'off';
    v_evaluation.value = flag.off_value;
    v_evaluation.reason = reason;
    return v_evaluation;
end;
$$;

/*
 * Return the evaluation of a flag that is on, with the variant of the rule that matched, else of
 * the flag. `wanted` names a variant of the flag for a target.
 */
create function flags.switched_on(
    flag flags.flags, rule jsonb, context jsonb, reason text, wanted text default null
)
returns flags.evaluation
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_evaluation flags.evaluation;
    v_is_of_rule boolean = coalesce(jsonb_array_length(rule -> 'variants'), 0) > 0;
    v_variants jsonb = case when v_is_of_rule then rule -> 'variants' else flag.variants end;
    v_variant jsonb;
begin
    if wanted is not null then
        v_variant = jsonb_path_query_first(
            flag.variants, '$[*] ? (@.name == $name)', jsonb_build_object('name', wanted)
        );
    elsif v_variants <> '[]' then
        v_variant = flags.select_variant(
            v_variants,
            case when v_is_of_rule then coalesce(rule ->> 'groupId', flag.key) else flag.key end,
            coalesce(v_variants #>> '{0,stickiness}', rule ->> 'stickiness'),
            context
        );
    end if;
    v_evaluation.key = flag.key;
    v_evaluation.is_on = true;
    v_evaluation.variant = coalesce(v_variant ->> 'name', 'on');
    v_evaluation.value = case
        when flag.value_type = 'boolean' then 'true'
        else coalesce(v_variant -> 'value', flag.off_value)
    end;
    v_evaluation.reason = case
        when jsonb_array_length(v_variants) > 1 and wanted is null then 'SPLIT' else reason
    end;
    return v_evaluation;
end;
$$;

/*
 * Are the other flags that a flag waits for as they have to be for a context?
 */
create function flags.meets_prerequisites(key text, subject text, context jsonb)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return not exists (
        select 1
        from flags.prerequisites
        cross join lateral flags.evaluate(
            prerequisites.required_key, meets_prerequisites.subject, meets_prerequisites.context
        ) as required
        where
            prerequisites.flag_key = meets_prerequisites.key
            and (
                required.is_on <> prerequisites.must_be_on
                or (
                    prerequisites.variants <> '{}'
                    and required.variant <> all(prerequisites.variants)
                )
            )
    );
end;
$$;

/*
 * Evaluate a flag for a subject. The context adds what rules ask about; its `businessId` can be a
 * target as well. Returns null when there is no such flag.
 * Definer: callers see what they get, never the flags and their targets.
 */
create function flags.evaluate(key text, subject text default null, context jsonb default '{}')
returns flags.evaluation
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_flag flags.flags;
    v_target flags.targets;
    v_context jsonb = jsonb_strip_nulls(jsonb_build_object('userId', subject)) || context;
    v_rule jsonb;
begin
    select flags.* into v_flag from flags.flags where flags.key = evaluate.key;
    if not found then
        return null;
    elsif not v_flag.is_enabled
        or v_flag.starts_at > private.now() or v_flag.ends_at <= private.now() then
        return flags.switched_off(v_flag, 'DISABLED');
    end if;

    select targets.* into v_target
    from flags.targets
    where
        targets.flag_key = evaluate.key
        and targets.subject = any(array[evaluate.subject, v_context ->> 'businessId'])
    order by targets.is_denied desc
    limit 1;
    if v_target.is_denied then
        return flags.switched_off(v_flag, 'TARGETING_MATCH');
    elsif not flags.meets_prerequisites(key, subject, context) then
        return flags.switched_off(v_flag, 'DEFAULT');
    elsif v_target.subject is not null then
        return flags.switched_on(v_flag, null, v_context, 'TARGETING_MATCH', v_target.variant);
    elsif v_flag.rules = '[]' then
        return flags.switched_on(v_flag, null, v_context, 'STATIC');
    end if;

    for v_rule in select jsonb_array_elements(v_flag.rules) loop
        if flags.rule_matches(v_rule, key, v_context) then
            return flags.switched_on(
                v_flag, v_rule, v_context,
                case when v_rule ? 'percentage' then 'SPLIT' else 'TARGETING_MATCH' end
            );
        end if;
    end loop;
    return flags.switched_off(v_flag, 'DEFAULT');
end;
$$;

/*
 * Is a flag on for a subject, by default the signed-in user? For policies and functions; write it
 * into a scalar subselect, `(select private.flag('new_prices'))`. A flag that does not exist is
 * off.
 */
create function private.flag(name text, subject text default null)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (flags.evaluate(flag.name, coalesce(flag.subject, auth.uid()::text))).is_on, false
    );
end;
$$;
