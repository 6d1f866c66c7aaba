-- Which promotions apply to a quote: those without a code that the buyer meets, and the one of the
-- buyer's coupon. Here nothing is claimed: a sale claims (claims.sql).

/*
 * Return the coupon of a business by its code, in any case of letters.
 *
 * Errors:  PT422 coupon_invalid
 */
create function pricing.coupon_by_code(business_id uuid, code text)
returns pricing.coupons
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_coupon pricing.coupons;
begin
    select coupons.* into v_coupon
    from pricing.coupons
    where
        coupons.business_id = coupon_by_code.business_id
        and coupons.code = upper(btrim(coupon_by_code.code))
        and coupons.is_active;
    if v_coupon.id is null then
        perform private.refuse(
            'PT422', 'coupon_invalid', 'There is no such coupon.',
            'Check the code, or leave it out.'
        );
    end if;
    return v_coupon;
end;
$$;

/*
 * Return why a promotion does not apply to a buyer who spends an amount, or null if it does.
 */
create function pricing.promotion_obstacle(
    promotion pricing.promotions, context pricing.context, currency text, spend_minor bigint
)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case
        when not promotion.is_active or promotion.starts_at > context.at then 'not_started'
        when promotion.ends_at <= context.at then 'ended'
        when promotion.currency <> promotion_obstacle.currency then 'other_currency'
        when spend_minor < promotion.min_spend_minor then 'too_little'
        when not coalesce(
            promotion.customer_group_id is null
            or promotion.customer_group_id = any(context.group_ids),
            false
        )
        or not coalesce(
            promotion.access is null or promotion.access = any(context.accesses), false
        )
        or not coalesce(promotion.store_id = context.store_id, promotion.store_id is null)
        or not pricing.is_within(context.region, promotion.region) then 'other_buyers'
        when promotion.used_count >= promotion.max_uses
            or promotion.spent_minor >= promotion.max_spend_minor then 'exhausted'
        when promotion.max_uses_per_customer is not null
            and num_nonnulls(context.buyer_id, context.buyer_email) = 0 then 'unknown_buyer'
        when promotion.max_uses_per_customer <= pricing.uses_by(
            promotion, context.buyer_id, context.buyer_email
        ) then 'used_by_buyer'
    end;
end;
$$;

/*
 * Return how often somebody used a promotion: an account, or else a proven address.
 */
create function pricing.uses_by(
    promotion pricing.promotions, buyer_id uuid, buyer_email text
)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select count(*)
        from pricing.coupon_redemptions
        where
            coupon_redemptions.business_id = promotion.business_id
            and coupon_redemptions.promotion_id = promotion.id
            and coupon_redemptions.released_at is null
            and (
                coupon_redemptions.buyer_id = uses_by.buyer_id
                or uses_by.buyer_id is null
                and coupon_redemptions.buyer_id is null
                and lower(coupon_redemptions.buyer_email) = lower(uses_by.buyer_email)
            )
    );
end;
$$;

/*
 * Refuse the buyer's coupon for a reason of pricing.promotion_obstacle, or because it takes nothing
 * off here.
 *
 * Errors:  PT409 coupon_exhausted · PT422 coupon_invalid
 */
create function pricing.refuse_coupon(obstacle text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if obstacle in ('exhausted', 'used_by_buyer') then
        perform private.refuse(
            'PT409', 'coupon_exhausted',
            case obstacle
                when 'exhausted' then 'This coupon is used up.'
                else 'You used this coupon as often as you may.'
            end,
            'Leave the coupon out.'
        );
    end if;
    perform private.refuse(
        'PT422', 'coupon_invalid',
        case obstacle
            when 'not_started' then 'This coupon cannot be used yet.'
            when 'ended' then 'This coupon has ended.'
            when 'other_currency' then 'This coupon is for another currency.'
            when 'too_little' then 'This coupon needs a higher total.'
            when 'other_buyers' then 'This coupon is not for you or not for this place.'
            when 'unknown_buyer' then 'Sign in to use this coupon.'
            when 'not_combinable' then 'This coupon cannot be combined with another discount.'
            else 'This coupon takes nothing off these items.'
        end,
        'Leave the coupon out, or quote something else.'
    );
end;
$$;

/*
 * Return the promotions that may apply to a buyer, the first to apply first: by priority, then the
 * one of the coupon, then the older. `coupon_id` says which one the coupon is of.
 *
 * Errors:  PT409 coupon_exhausted · PT422 coupon_invalid
 */
create function pricing.promotions_for(context pricing.context)
returns table (promotion pricing.promotions, coupon_id uuid)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_coupon pricing.coupons;
begin
    if context.coupon_code is not null then
        v_coupon = pricing.coupon_by_code(context.business_id, context.coupon_code);
        if v_coupon.used_count >= v_coupon.max_uses then
            perform pricing.refuse_coupon('exhausted');
        end if;
    end if;
    return query
    select
        promotions::pricing.promotions,
        case when promotions.id = v_coupon.promotion_id then v_coupon.id end
    from pricing.promotions
    where
        promotions.business_id = context.business_id
        and (
            promotions.id = v_coupon.promotion_id
            or promotions.is_automatic and promotions.is_active
        )
    order by
        promotions.priority desc,
        (promotions.id = v_coupon.promotion_id) is true desc,
        promotions.created_at,
        promotions.id;
end;
$$;
