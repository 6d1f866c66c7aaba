-- What OpenFeature's remote evaluation protocol (OFREP) answers. The edge calls these functions
-- with the role and the user of the request's token, and adds nothing of its own.

/*
 * Return an evaluation in the words of OFREP.
 */
create function flags.to_answer(evaluation flags.evaluation)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return jsonb_build_object(
        'key', evaluation.key,
        'value', evaluation.value,
        'reason', evaluation.reason,
        'variant', evaluation.variant,
        'metadata', jsonb_build_object('isOn', evaluation.is_on)
    );
end;
$$;

/*
 * Evaluate a flag for the caller of OFREP. A signed-in user is who their token says. Of a flag of
 * the kind `permission` the token alone decides: a client could write anything into its context.
 */
create function flags.evaluate_remotely(
    flag flags.flags, context jsonb, role text, user_id uuid
)
returns flags.evaluation
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_context jsonb = context - 'targetingKey';
begin
    if role = 'service_role' then
        return flags.evaluate(flag.key, context ->> 'targetingKey', v_context);
    elsif flag.kind = 'permission' then
        return flags.evaluate(flag.key, user_id::text, '{}');
    elsif user_id is not null then
        v_context = v_context || jsonb_build_object('userId', user_id);
    end if;
    return flags.evaluate(
        flag.key, coalesce(context ->> 'targetingKey', user_id::text), v_context
    );
end;
$$;

/*
 * Return what OFREP answers for one flag, or null when there is none that the caller may ask for.
 * Clients may ask for public flags, the service role for all.
 * Definer: the edge may call functions only.
 */
create function flags.answer(key text, context jsonb, role text, user_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_flag flags.flags;
begin
    select flags.* into v_flag
    from flags.flags
    where flags.key = answer.key and (flags.is_public or answer.role = 'service_role');
    if not found then
        return null;
    end if;
    return flags.to_answer(flags.evaluate_remotely(v_flag, context, role, user_id));
end;
$$;

/*
 * Return what OFREP answers for all flags that the caller may ask for.
 * Definer: the edge may call functions only.
 */
create function flags.answers(context jsonb, role text, user_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                flags.to_answer(flags.evaluate_remotely(
                    flags, answers.context, answers.role, answers.user_id
                ))
                order by flags.key
            ),
            '[]'
        )
        from flags.flags
        where flags.is_public or answers.role = 'service_role'
    );
end;
$$;

/*
 * May browsers and apps ask for this flag?
 * Definer: clients cannot read flags.
 */
create function flags.is_public(key text)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return exists (
        select 1 from flags.flags where flags.key = is_public.key and flags.is_public
    );
end;
$$;
