-- What somebody pays who joins a plan. A cart prices these lines with what else is in it.

/*
 * Return the currency in which a plan is sold by default: that of its business.
 */
create function memberships.currency_of(plan_id uuid)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select businesses.currency
        from memberships.membership_plans
        inner join business.businesses on businesses.id = membership_plans.business_id
        where membership_plans.id = currency_of.plan_id
    );
end;
$$;

/*
 * Return what somebody pays who joins a plan: the first period, which a trial makes free, and the
 * fee for joining.
 */
create function memberships.first_lines(
    plan memberships.membership_plans, price memberships.plan_prices, has_trial boolean
)
returns pricing.line[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_lines pricing.line[] = array[
        pricing.make_line(
            'membership', plan.name, 1, case when has_trial then 0 else price.price_minor end,
            price.currency,
            jsonb_build_object('plan_id', plan.id)
            || case
                when has_trial then jsonb_build_object('trial_days', plan.trial_days) else '{}'
            end,
            item_id => plan.id
        )
    ];
begin
    if price.signup_fee_minor > 0 then
        v_lines = v_lines || pricing.make_line(
            'fee', 'Sign-up fee', 1, price.signup_fee_minor, price.currency, '{}'
        );
    end if;
    return v_lines;
end;
$$;

/*
 * Price the first period of a plan for a buyer: the period unless a trial comes first, and joining.
 * Null where nothing is sold.
 *
 * Errors:  PT409 coupon_exhausted insufficient_points price_changed · PT422 coupon_invalid
 */
create function memberships.quote(
    plan memberships.membership_plans,
    price memberships.plan_prices,
    has_trial boolean,
    context pricing.context
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_lines pricing.line[] = memberships.first_lines(plan, price, has_trial);
begin
    if has_trial then
        v_lines = v_lines[2:];
    end if;
    if v_lines = '{}' then
        return null;
    end if;
    return pricing.quote(v_lines, context);
end;
$$;
