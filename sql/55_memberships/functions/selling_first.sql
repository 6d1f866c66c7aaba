-- What joining checks, and the first period that it writes.

/*
 * Return the customer of a business who an account is, noted if the business did not know them.
 */
create function memberships.customer_for(business_id uuid, buyer identity.profiles)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform customers.note_customer(
        customer_for.business_id, buyer.id, buyer.full_name, buyer.email, buyer.phone, null
    );
    return customers.customer_of(customer_for.business_id, buyer.id, null);
end;
$$;

/*
 * Refuse a second live membership of a customer. One that is over is closed first.
 *
 * Errors:  PT409 already_member
 */
create function memberships.refuse_second(business_id uuid, customer_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_live memberships.memberships;
begin
    select memberships.* into v_live
    from memberships.memberships
    where
        memberships.business_id = refuse_second.business_id
        and memberships.customer_id = refuse_second.customer_id
        and memberships.renews
        and memberships.closed_at is null
    for update;
    if v_live.id is null then
        return;
    elsif memberships.is_over(v_live, private.now()) then
        perform memberships.close(v_live);
        return;
    end if;
    perform private.refuse(
        'PT409', 'already_member', 'This customer has a membership of the business already.',
        'Change it with change_membership, or cancel it first.'
    );
end;
$$;

/*
 * Did a customer of a business have a trial before?
 */
create function memberships.had_trial(business_id uuid, customer_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from memberships.memberships
        where
            memberships.business_id = had_trial.business_id
            and memberships.customer_id = had_trial.customer_id
            and memberships.trial_ends_at is not null
    );
end;
$$;

/*
 * May a customer try a plan before they pay it? Once at each business.
 */
create function memberships.has_trial(plan memberships.membership_plans, user_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return plan.trial_days > 0
    and not memberships.had_trial(
        plan.business_id,
        customers.customer_of(plan.business_id, has_trial.user_id, null)
    );
end;
$$;

/*
 * Write a membership with its first period. Returns its id.
 */
create function memberships.begin_membership(
    membership memberships.memberships,
    buyer identity.profiles,
    quote jsonb,
    basket_id uuid default null
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into memberships.memberships values (membership.*);
    perform memberships.begin_first_period(
        membership, buyer, begin_membership.quote, begin_membership.basket_id
    );
    perform memberships.emit('membership.started', membership);
    return membership.id;
end;
$$;

/*
 * Write the first period of a membership with its sale. What costs nothing begins at once; what is
 * owed is charged to the saved card, if there is one, unless a basket is paid as a whole.
 */
create function memberships.begin_first_period(
    membership memberships.memberships,
    buyer identity.profiles,
    quote jsonb,
    basket_id uuid
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_period memberships.membership_periods;
begin
    v_period.id = gen_random_uuid();
    if begin_first_period.quote is not null then
        v_period.sale_id = sales.place_sale(
            membership.business_id, buyer.id, buyer.full_name, buyer.email, buyer.phone,
            begin_first_period.quote, begin_first_period.basket_id
        );
    end if;
    v_period.price_minor = case
        when membership.number = 0 then 0
        else (quote #>> '{lines,0,amount_minor}')::bigint
            - (quote #>> '{lines,0,discount_minor}')::bigint
    end;
    insert into memberships.membership_periods (
        id, business_id, membership_id, number, plan_id, starts_at, ends_at, price_minor, sale_id,
        next_charge_at, period_unit, period_count
    )
    values (
        v_period.id, membership.business_id, membership.id, membership.number,
        membership.plan_id, membership.joined_at,
        memberships.start_of(membership, membership.number + 1),
        v_period.price_minor, v_period.sale_id,
        case
            when membership.method_id is not null and begin_first_period.basket_id is null
                then private.now()
        end,
        membership.period_unit, membership.period_count
    );
    if coalesce((quote ->> 'total_minor')::bigint, 0) = 0 then
        perform memberships.settle_period(membership.business_id, v_period.id);
    elsif membership.method_id is not null and begin_first_period.basket_id is null then
        perform memberships.charge_periods(array[v_period.id]);
    end if;
end;
$$;

/*
 * Refuse a saved card that is not the member's, was forgotten or has expired.
 *
 * Errors:  PT404 not_found · PT422 method_expired
 */
create function memberships.require_method(method_id uuid, user_id uuid)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    perform money.require_method(
        require_method.method_id,
        require_method.user_id,
        (
            select payment_methods.provider
            from money.payment_methods
            where payment_methods.id = require_method.method_id
        )
    );
end;
$$;
