-- Who may act on a membership: its member, and those who serve customers at the business.

/*
 * Lock a membership that the caller may change. Anybody else gets the answer of one that does not
 * exist. One that is over is closed, and refused.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function memberships.lock_own(membership_id uuid)
returns memberships.memberships
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_membership memberships.memberships;
begin
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    select memberships.* into v_membership
    from memberships.memberships
    where
        memberships.id = lock_own.membership_id
        and (
            private.is_operator()
            or memberships.user_id = auth.uid()
            or memberships.business_id in (select private.my_businesses('view'))
        )
    for update;
    if v_membership.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such membership.',
            'Check the id in the view memberships.'
        );
    end if;
    if v_membership.user_id is distinct from auth.uid() then
        perform private.require_member(v_membership.business_id, 'serve');
    end if;
    if memberships.is_over(v_membership, private.now()) then
        perform memberships.refuse_transition('This membership is over.');
    end if;
    return v_membership;
end;
$$;

/*
 * Refuse what the state of a membership does not allow.
 *
 * Errors:  PT409 invalid_transition
 */
create function memberships.refuse_transition(message text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'invalid_transition', refuse_transition.message,
        'Read the membership again and check its status.'
    );
end;
$$;

/*
 * Return the latest period of a membership.
 */
create function memberships.latest_period(membership memberships.memberships)
returns memberships.membership_periods
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_period memberships.membership_periods;
begin
    select periods.* into v_period
    from memberships.membership_periods as periods
    where
        periods.business_id = membership.business_id
        and periods.membership_id = membership.id
        and periods.number = membership.number;
    return v_period;
end;
$$;

/*
 * Return the sale of the latest period of a membership, which is what its member pays; null where
 * there is none.
 */
create function memberships.unpaid_sale(membership_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select periods.sale_id
        from memberships.membership_periods as periods
        where periods.membership_id = unpaid_sale.membership_id
        order by periods.number desc
        limit 1
    );
end;
$$;
