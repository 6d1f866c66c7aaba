-- What policies ask once a statement, and what the API calls for one membership.

/*
 * The memberships of the signed-in customer.
 * Definer: periods ask this instead of the policy of memberships.
 */
create function private.my_memberships()
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select memberships.id
    from memberships.memberships
    where memberships.user_id = auth.uid();
end;
$$;

/*
 * The plans that the signed-in customer is or was on.
 * Definer: as private.my_memberships.
 */
create function private.my_plans()
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select memberships.plan_id
    from memberships.memberships
    where memberships.user_id = auth.uid();
end;
$$;

/*
 * Let the caller join a plan. Repeating the call with its key returns the first membership.
 * Definer: nobody has a write grant on memberships and sales; the buyer is the caller.
 *
 * Errors:  PT401 not_signed_in · PT409 idempotency_conflict · those of memberships.sell
 */
create function memberships.join_plan(
    plan_id uuid, terms pricing.context, method_id uuid, idempotency_key text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_buyer identity.profiles = scheduling.caller_profile();
    v_answer jsonb;
    v_id uuid;
begin
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'join_membership', idempotency_key,
            jsonb_build_array(join_plan.plan_id, to_jsonb(terms), join_plan.method_id)
        );
        if v_answer is not null then
            return (v_answer ->> 'id')::uuid;
        end if;
    end if;
    v_id = memberships.sell(join_plan.plan_id, v_buyer, terms, join_plan.method_id);
    if idempotency_key is not null then
        perform private.remember_answer(
            'join_membership', idempotency_key, jsonb_build_object('id', v_id)
        );
    end if;
    return v_id;
end;
$$;

/*
 * Return what it costs to change a membership to a plan now, before tax that comes on top.
 * Definer: reads what the member and the business may see; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function memberships.change_quote(membership_id uuid, plan_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_membership memberships.memberships = memberships.lock_own(change_quote.membership_id);
    v_plan memberships.membership_plans = memberships.plan_to_change_to(
        v_membership, change_quote.plan_id
    );
    v_amounts record = memberships.change_amounts(
        v_membership, v_plan, memberships.price_of(v_plan, v_membership.currency)
    );
begin
    return jsonb_build_object(
        'membership_id', v_membership.id,
        'plan_id', v_plan.id,
        'currency', v_membership.currency,
        'credit_minor', v_amounts.credit_minor,
        'charge_minor', v_amounts.charge_minor,
        'difference_minor', v_amounts.charge_minor - v_amounts.credit_minor,
        'at', date_trunc('second', private.now())
    );
end;
$$;
