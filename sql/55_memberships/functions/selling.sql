-- How somebody joins. A membership and its first period are written with the sale that charges
-- them, in one transaction. Benefits begin when that is paid, or at once where nothing is owed.
-- memberships.sell is what every seller calls; memberships.sell_quoted is for a checkout, which has
-- priced the plan with what else is in the cart.

/*
 * Return a plan that somebody may join now.
 *
 * Errors:  PT404 not_found
 */
create function memberships.open_plan(plan_id uuid)
returns memberships.membership_plans
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_plan memberships.membership_plans;
begin
    select membership_plans.* into v_plan
    from memberships.membership_plans
    where
        membership_plans.id = open_plan.plan_id
        and membership_plans.is_active
        and business.is_open(membership_plans.business_id);
    if v_plan.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such plan to join.',
            'Check the id in the view membership_plans.'
        );
    end if;
    return v_plan;
end;
$$;

/*
 * Return what a plan costs in a currency, by default that of its business.
 *
 * Errors:  PT400 invalid_input
 */
create function memberships.price_of(plan memberships.membership_plans, currency text)
returns memberships.plan_prices
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_price memberships.plan_prices;
begin
    select plan_prices.* into v_price
    from memberships.plan_prices
    where
        plan_prices.business_id = plan.business_id
        and plan_prices.plan_id = plan.id
        and plan_prices.currency = coalesce(
            price_of.currency,
            (
                select businesses.currency
                from business.businesses
                where businesses.id = plan.business_id
            )
        );
    if v_price.plan_id is null then
        perform private.invalid('currency', 'must be one in which the plan has a price');
    end if;
    return v_price;
end;
$$;

/*
 * Make the row of a membership that begins now and is not paid yet.
 */
create function memberships.make_membership(
    plan memberships.membership_plans,
    price memberships.plan_prices,
    user_id uuid,
    customer_id uuid,
    has_trial boolean
)
returns memberships.memberships
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_membership memberships.memberships;
    v_now timestamptz = date_trunc('second', private.now());
begin
    v_membership.id = gen_random_uuid();
    v_membership.business_id = plan.business_id;
    v_membership.customer_id = make_membership.customer_id;
    v_membership.user_id = make_membership.user_id;
    v_membership.plan_id = plan.id;
    v_membership.currency = price.currency;
    v_membership.price_minor = price.price_minor;
    v_membership.renews = plan.renews;
    v_membership.period_unit = plan.period_unit;
    v_membership.period_count = plan.period_count;
    v_membership.grace_days = case when plan.renews then plan.grace_days else 0 end;
    v_membership.time_zone = business.time_zone(plan.business_id);
    v_membership.number = case when has_trial then 0 else 1 end;
    v_membership.anchor_number = 1;
    v_membership.anchor_at = v_now;
    if has_trial then
        v_membership.anchor_at = memberships.period_start(
            v_now, v_membership.time_zone, 'day', plan.trial_days, 1
        );
        v_membership.trial_ends_at = v_membership.anchor_at;
    end if;
    v_membership.joined_at = v_now;
    v_membership.paid_until = v_now;
    -- Whoever has not paid a day later did not join.
    v_membership.due_until = v_now + interval '24 hours';
    v_membership.updated_at = v_now;
    return v_membership;
end;
$$;

/*
 * Return the membership that somebody with an account may begin now, with their customer locked.
 *
 * Errors:  PT409 already_member
 */
create function memberships.prepare_membership(
    plan memberships.membership_plans,
    price memberships.plan_prices,
    buyer identity.profiles,
    method_id uuid
)
returns memberships.memberships
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_customer_id uuid = memberships.customer_for(plan.business_id, buyer);
    v_membership memberships.memberships;
begin
    perform private.lock(array[v_customer_id]);
    if plan.renews then
        perform memberships.refuse_second(plan.business_id, v_customer_id);
    end if;
    v_membership = memberships.make_membership(
        plan, price, buyer.id, v_customer_id, memberships.has_trial(plan, buyer.id)
    );
    v_membership.method_id = prepare_membership.method_id;
    return v_membership;
end;
$$;

/*
 * Sell a plan to somebody with an account. Returns the membership's id. With a saved card it is
 * charged at once; otherwise its sale is paid like any other.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 *          PT409 already_member coupon_exhausted insufficient_points price_changed
 *          PT422 coupon_invalid method_expired
 */
create function memberships.sell(
    plan_id uuid, buyer identity.profiles, terms pricing.context, method_id uuid default null
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_plan memberships.membership_plans = memberships.open_plan(sell.plan_id);
    v_price memberships.plan_prices = memberships.price_of(v_plan, terms.currency);
    v_membership memberships.memberships;
begin
    if sell.method_id is not null then
        perform memberships.require_method(sell.method_id, buyer.id);
    end if;
    v_membership = memberships.prepare_membership(v_plan, v_price, buyer, sell.method_id);
    return memberships.begin_membership(
        v_membership,
        buyer,
        memberships.quote(
            v_plan, v_price, v_membership.number = 0,
            pricing.for_buyer(terms, v_plan.business_id, buyer.id, buyer.email)
        )
    );
end;
$$;

/*
 * Sell a plan at the price of a quote, as a part of a basket, whose payment pays it. A saved card
 * pays the renewals. Returns the membership's id.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 *          PT409 already_member coupon_exhausted price_changed
 *          PT422 coupon_invalid method_expired
 */
create function memberships.sell_quoted(
    plan_id uuid, buyer identity.profiles, quote jsonb, basket_id uuid, method_id uuid
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_plan memberships.membership_plans = memberships.open_plan(sell_quoted.plan_id);
    v_membership memberships.memberships;
begin
    if sell_quoted.method_id is not null then
        perform memberships.require_method(sell_quoted.method_id, buyer.id);
    end if;
    v_membership = memberships.prepare_membership(
        v_plan, memberships.price_of(v_plan, sell_quoted.quote ->> 'currency'), buyer,
        sell_quoted.method_id
    );
    if (v_membership.number = 0) <> (sell_quoted.quote #> '{lines,0}' ? 'trial_days') then
        perform pricing.refuse_changed_price();
    end if;
    return memberships.begin_membership(
        v_membership, buyer, sell_quoted.quote, sell_quoted.basket_id
    );
end;
$$;
