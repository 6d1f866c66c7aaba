-- What a subject gets from a flag. The order of the questions is the promise: a flag that is off or
-- outside of its schedule is off for all; a denied subject never gets it; prerequisites come before
-- targets; a target gets it whatever the percentage says; then the first rule that matches counts.

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
 * Return the evaluation by the rules of a flag: the first one that matches counts.
 */
create function flags.evaluate_rules(flag flags.flags, context jsonb)
returns flags.evaluation
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_rule jsonb;
begin
    if flag.rules = '[]' then
        return flags.switched_on(flag, null, context, 'STATIC');
    end if;
    for v_number in 0..jsonb_array_length(flag.rules) - 1 loop
        v_rule = flag.rules -> v_number;
        if flags.rule_matches(v_rule, flag.key, context) then
            return flags.switched_on(
                flag, v_rule, context,
                case when v_rule ? 'percentage' then 'SPLIT' else 'TARGETING_MATCH' end
            );
        end if;
    end loop;
    return flags.switched_off(flag, 'DEFAULT');
end;
$$;

/*
 * Evaluate a flag for a subject. The context adds what rules ask about; its `businessId` can be a
 * target as well. Returns null when there is no such flag. Most flags have neither targets nor
 * prerequisites: then one read by key is all, because each statement costs as much as the hash.
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
    v_context jsonb = case when subject is not null then jsonb_build_object('userId', subject)
        else '{}' end || context;
    v_flag flags.flags;
    v_target flags.targets;
begin
    select flags.* into v_flag from flags.flags where flags.key = evaluate.key;
    if not found then
        return null;
    end if;
    if v_flag.has_targets then
        select targets.* into v_target
        from flags.targets
        where
            targets.flag_key = evaluate.key
            and targets.subject = any(array[evaluate.subject, v_context ->> 'businessId'])
        order by targets.is_denied desc
        limit 1;
    end if;
    if not v_flag.is_enabled
        or v_flag.starts_at is not null and v_flag.starts_at > private.now()
        or v_flag.ends_at is not null and v_flag.ends_at <= private.now() then
        return flags.switched_off(v_flag, 'DISABLED');
    elsif v_target.is_denied then
        return flags.switched_off(v_flag, 'TARGETING_MATCH');
    elsif v_flag.has_prerequisites and not flags.meets_prerequisites(key, subject, context) then
        return flags.switched_off(v_flag, 'DEFAULT');
    elsif v_target.subject is not null then
        return flags.switched_on(v_flag, null, v_context, 'TARGETING_MATCH', v_target.variant);
    end if;
    return flags.evaluate_rules(v_flag, v_context);
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
