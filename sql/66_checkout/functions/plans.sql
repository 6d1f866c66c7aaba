-- Plans in a cart. Only somebody with an account can join, so a guest's cart has none. A plan is
-- priced as its first period, which a trial makes free, and as the fee for joining; both are one
-- item, and have a sale of their own. The membership begins when that sale is paid, or at once
-- where nothing of it is owed.

/*
 * Return the business whose plan the caller may join, if the plan has a price in a currency: by
 * default that of the business.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function private.seller_of_plan(plan_id uuid, currency text)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_plan memberships.membership_plans;
begin
    perform private.current_user_id();
    v_plan = memberships.open_plan(seller_of_plan.plan_id);
    perform memberships.price_of(v_plan, seller_of_plan.currency);
    return v_plan.business_id;
end;
$$;

/*
 * Return the lines of an item that is a plan. It can be bought while somebody may join it, and it
 * has a price in the cart's currency.
 */
create function private.plan_lines(
    item commerce.cart_items, out line pricing.line, out is_available boolean, out place integer
)
returns setof record
language plpgsql
stable
security invoker
rows 1
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        offered.lines[part.place],
        membership_plans.is_active
        and plan_prices.plan_id is not null
        and business.is_open(membership_plans.business_id),
        part.place
    from memberships.membership_plans
    inner join commerce.carts on carts.id = item.cart_id
    left join memberships.plan_prices
        on
            plan_prices.business_id = membership_plans.business_id
            and plan_prices.plan_id = membership_plans.id
            and plan_prices.currency = carts.currency
    cross join lateral (
        select
            memberships.first_lines(
                membership_plans, plan_prices,
                memberships.has_trial(membership_plans, carts.user_id)
            )
    ) as offered (lines)
    cross join lateral generate_subscripts(offered.lines, 1) as part (place)
    where
        membership_plans.business_id = item.business_id
        and membership_plans.id = item.plan_id;
end;
$$;

/*
 * Return a plan that is asked about as lines of a cart, for the caller.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function private.plan_to_price(item jsonb, currency text)
returns private.cart_line[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_plan memberships.membership_plans;
    v_item commerce.cart_items;
begin
    perform private.refuse_unknown_keys(item, 'items', '{plan_id}');
    v_plan = memberships.open_plan(private.to_identifier(item ->> 'plan_id', 'items.plan_id'));
    v_item.business_id = v_plan.business_id;
    v_item.plan_id = v_plan.id;
    return array(
        select private.make_cart_line(v_item, offered.lines[part.place], true, null, null)
        from (
            select
                memberships.first_lines(
                    v_plan,
                    memberships.price_of(v_plan, plan_to_price.currency),
                    memberships.has_trial(v_plan, auth.uid())
                )
        ) as offered (lines)
        cross join lateral generate_subscripts(offered.lines, 1) as part (place)
        order by part.place
    );
end;
$$;

/*
 * Sell the plans among what one business has in a cart. The saved card that pays the basket pays
 * their renewals too.
 *
 * Errors:  PT404 not_found · PT409 already_member coupon_exhausted price_changed
 *          PT422 coupon_invalid method_expired
 */
create function private.sell_plans(
    seller private.seller_quote, buyer identity.profiles, method_id uuid, basket_id uuid
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    perform memberships.sell_quoted(
        line.plan_id, buyer, seller.quotes[seller.documents[line.ordinality]],
        sell_plans.basket_id, sell_plans.method_id
    )
    from unnest(seller.lines) with ordinality as line
    where line.plan_id is not null and (line.to_price).kind = 'membership'
    order by line.ordinality;
end;
$$;

/*
 * Return the memberships of a basket.
 */
create function private.memberships_in(basket_id uuid)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return (
        select
            coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'id', memberships.id, 'business_id', memberships.business_id,
                        'sale_id', sales.id, 'plan_id', memberships.plan_id,
                        'status', memberships.status_at(memberships, private.now()),
                        'trial_ends_at', memberships.trial_ends_at
                    )
                    order by memberships.business_id, memberships.id
                ),
                '[]'
            )
        from sales.sales
        inner join memberships.membership_periods as periods
            on periods.business_id = sales.business_id and periods.sale_id = sales.id
        inner join memberships.memberships
            on
                memberships.business_id = periods.business_id
                and memberships.id = periods.membership_id
        where sales.basket_id = memberships_in.basket_id
    );
end;
$$;
