-- Plans bought for somebody else. Whoever has the code, or signs in with the address that the buyer
-- named, redeems the gift once; it is a membership of one period that does not renew.

/*
 * Buy a plan as a gift. Returns {gift_id, sale_id, code}; nothing keeps the code.
 * Definer: nobody has a write grant on sales and gifts; the buyer is the caller.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function memberships.buy_gift(plan_id uuid, currency text, email text, message text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_plan memberships.membership_plans;
    v_price memberships.plan_prices;
    v_buyer identity.profiles = scheduling.caller_profile();
    v_quote jsonb;
    v_gift memberships.gifts;
    v_code text = money.make_gift_card_code();
begin
    v_plan = memberships.open_plan(buy_gift.plan_id);
    v_price = memberships.price_of(v_plan, buy_gift.currency);
    v_price.signup_fee_minor = 0;
    v_quote = memberships.quote(
        v_plan, v_price, false,
        pricing.for_buyer(pricing.make_terms(), v_plan.business_id, v_buyer.id, v_buyer.email)
    );
    v_gift.sale_id = sales.place_sale(
        v_plan.business_id, v_buyer.id, v_buyer.full_name, v_buyer.email, v_buyer.phone, v_quote
    );
    insert into memberships.gifts (
        business_id, plan_id, sale_id, buyer_id, email, message, code_hash, expires_at, created_at
    )
    values (
        v_plan.business_id, v_plan.id, v_gift.sale_id, v_buyer.id, buy_gift.email,
        buy_gift.message, money.gift_card_hash(v_code), private.now() + interval '3 years',
        private.now()
    )
    returning gifts.* into v_gift;
    if (v_quote ->> 'total_minor')::bigint = 0 then
        perform memberships.activate_gift(v_gift.business_id, v_gift.sale_id);
    end if;
    return jsonb_build_object(
        'gift_id', v_gift.id, 'sale_id', v_gift.sale_id, 'code', v_code
    );
end;
$$;

/*
 * Let the gift of a sale be redeemed, because it is paid, and tell whom it is for.
 */
create function memberships.activate_gift(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_gift memberships.gifts;
begin
    update memberships.gifts
    set paid_at = private.now()
    where
        gifts.business_id = activate_gift.business_id
        and gifts.sale_id = activate_gift.sale_id
        and gifts.paid_at is null
        and (money.sale_balance(gifts.business_id, gifts.sale_id)).balance_minor <= 0
    returning gifts.* into v_gift;
    if v_gift.email is not null then
        perform private.emit(
            'gift.paid',
            jsonb_build_object('gift_id', v_gift.id, 'business_id', v_gift.business_id)
        );
    end if;
end;
$$;

/*
 * Redeem a gift: by its code or, for whoever confirmed the address that it was bought for, by its
 * id. Returns the id of the membership.
 * Definer: nobody has a write grant on memberships; the code or the address is checked.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function memberships.redeem_gift(gift_id uuid, code text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_caller identity.profiles = scheduling.caller_profile();
    v_gift memberships.gifts;
    v_membership memberships.memberships;
begin
    select gifts.* into v_gift
    from memberships.gifts
    where
        gifts.paid_at is not null
        and gifts.redeemed_at is null
        and gifts.expires_at > private.now()
        and (
            gifts.code_hash = money.gift_card_hash(redeem_gift.code)
            or gifts.id = redeem_gift.gift_id
            and lower(gifts.email) = (
                select lower(users.email)
                from auth.users
                where users.id = v_caller.id and users.email_confirmed_at is not null
            )
        )
    for update;
    if v_gift.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such gift to redeem.',
            'Check the code, or sign in with the address that the gift was sent to.'
        );
    end if;
    v_membership = memberships.begin_gift(v_gift, v_caller);
    update memberships.gifts
    set redeemed_at = private.now(), membership_id = v_membership.id
    where gifts.id = v_gift.id;
    return v_membership.id;
end;
$$;

/*
 * Write the membership of a gift: one period of its plan, which the gift's sale has paid.
 */
create function memberships.begin_gift(gift memberships.gifts, receiver identity.profiles)
returns memberships.memberships
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_plan memberships.membership_plans;
    v_line sales.sale_lines;
    v_price memberships.plan_prices;
    v_membership memberships.memberships;
    v_period_id uuid = gen_random_uuid();
begin
    select membership_plans.* into strict v_plan
    from memberships.membership_plans
    where membership_plans.business_id = gift.business_id and membership_plans.id = gift.plan_id;
    select sale_lines.* into strict v_line
    from sales.sale_lines
    where
        sale_lines.business_id = gift.business_id
        and sale_lines.sale_id = gift.sale_id
        and sale_lines.position = 1;
    select sales.currency into strict v_price.currency
    from sales.sales
    where sales.business_id = gift.business_id and sales.id = gift.sale_id;
    v_price.price_minor = v_line.amount_minor - v_line.discount_minor;
    v_plan.renews = false;
    v_membership = memberships.make_membership(
        v_plan, v_price, receiver.id, memberships.customer_for(v_plan.business_id, receiver), false
    );
    insert into memberships.memberships values (v_membership.*);
    insert into memberships.membership_periods (
        id, business_id, membership_id, number, plan_id, starts_at, ends_at, price_minor, sale_id,
        period_unit, period_count
    )
    values (
        v_period_id, v_membership.business_id, v_membership.id, 1, v_plan.id,
        v_membership.joined_at, memberships.start_of(v_membership, 2), v_price.price_minor,
        gift.sale_id, v_membership.period_unit, v_membership.period_count
    );
    perform memberships.settle_period(v_membership.business_id, v_period_id);
    return v_membership;
end;
$$;
