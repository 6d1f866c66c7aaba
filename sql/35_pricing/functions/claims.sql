-- How a sale uses promotions, and gives the uses back.

/*
 * Claim the promotions of a quote for a buyer, in the order of their ids. Returns the redemptions.
 * Whoever comes after the last use is refused: with a coupon because of it, without one because the
 * price is another now. The rows of the promotions stay locked until the transaction ends.
 *
 * Errors:  PT409 coupon_exhausted price_changed · PT422 coupon_invalid
 */
create function pricing.claim_promotions(
    business_id uuid, quote jsonb, buyer_id uuid, buyer_email text
)
returns uuid[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_claim pricing.coupon_redemptions;
    v_claims uuid[] = '{}';
begin
    for v_claim.promotion_id, v_claim.coupon_id, v_claim.amount_minor in
        select claims.promotion_id, claims.coupon_id, claims.amount_minor
        from jsonb_to_recordset(quote -> 'promotions')
            as claims (promotion_id uuid, coupon_id uuid, amount_minor bigint)
        order by claims.promotion_id
    loop
        v_claim.id = gen_random_uuid();
        v_claim.business_id = claim_promotions.business_id;
        v_claim.buyer_id = claim_promotions.buyer_id;
        v_claim.buyer_email = claim_promotions.buyer_email;
        v_claim.currency = quote ->> 'currency';
        v_claim.redeemed_at = private.now();
        perform pricing.claim_promotion(v_claim);
        v_claims = v_claims || v_claim.id;
    end loop;
    return v_claims;
end;
$$;

/*
 * Claim one use of a promotion and of its coupon, and write the redemption.
 *
 * Errors:  PT409 coupon_exhausted price_changed · PT422 coupon_invalid
 */
create function pricing.claim_promotion(claim pricing.coupon_redemptions)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_promotion pricing.promotions;
begin
    update pricing.promotions
    set
        used_count = promotions.used_count + 1,
        spent_minor = promotions.spent_minor + claim.amount_minor
    where
        promotions.business_id = claim.business_id
        and promotions.id = claim.promotion_id
        and promotions.is_active
        and coalesce(promotions.used_count < promotions.max_uses, true)
        and coalesce(
            promotions.spent_minor + claim.amount_minor <= promotions.max_spend_minor, true
        )
    returning promotions.* into v_promotion;
    if not found then
        perform pricing.refuse_claim(claim.coupon_id, 'exhausted');
    end if;
    if v_promotion.max_uses_per_customer is not null then
        if num_nonnulls(claim.buyer_id, claim.buyer_email) = 0 then
            perform pricing.refuse_claim(claim.coupon_id, 'unknown_buyer');
        end if;
        if pricing.uses_by(v_promotion, claim.buyer_id, claim.buyer_email)
            >= v_promotion.max_uses_per_customer then
            perform pricing.refuse_claim(claim.coupon_id, 'used_by_buyer');
        end if;
    end if;
    if claim.coupon_id is not null then
        perform pricing.claim_coupon(claim.business_id, claim.coupon_id);
    end if;
    insert into pricing.coupon_redemptions
    values (claim.*);
end;
$$;

/*
 * Claim one use of a coupon.
 *
 * Errors:  PT409 coupon_exhausted
 */
create function pricing.claim_coupon(business_id uuid, coupon_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update pricing.coupons
    set used_count = coupons.used_count + 1
    where
        coupons.business_id = claim_coupon.business_id
        and coupons.id = claim_coupon.coupon_id
        and coupons.is_active
        and coalesce(coupons.used_count < coupons.max_uses, true);
    if not found then
        perform pricing.refuse_coupon('exhausted');
    end if;
end;
$$;

/*
 * Refuse a sale whose promotion cannot be claimed: because of the coupon or, when it applied by
 * itself, because the price is another without it.
 *
 * Errors:  PT409 coupon_exhausted price_changed · PT422 coupon_invalid
 */
create function pricing.refuse_claim(coupon_id uuid, obstacle text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if coupon_id is null then
        perform pricing.refuse_changed_price();
    end if;
    perform pricing.refuse_coupon(obstacle);
end;
$$;

/*
 * Release some redemptions, so that others may use what they used. Those that are kept or released
 * already stay as they are.
 */
create function pricing.release_redemptions(business_id uuid, redemption_ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_released pricing.coupon_redemptions;
begin
    for v_released in
        select coupon_redemptions.*
        from pricing.coupon_redemptions
        where
            coupon_redemptions.business_id = release_redemptions.business_id
            and coupon_redemptions.id = any(redemption_ids)
            and coupon_redemptions.released_at is null
            and coupon_redemptions.kept_at is null
        order by coupon_redemptions.promotion_id
        for update
    loop
        update pricing.coupon_redemptions
        set released_at = private.now()
        where
            coupon_redemptions.business_id = v_released.business_id
            and coupon_redemptions.id = v_released.id;
        update pricing.promotions
        set
            used_count = promotions.used_count - 1,
            spent_minor = promotions.spent_minor - v_released.amount_minor
        where
            promotions.business_id = v_released.business_id
            and promotions.id = v_released.promotion_id;
        update pricing.coupons
        set used_count = coupons.used_count - 1
        where
            coupons.business_id = v_released.business_id
            and coupons.id = v_released.coupon_id;
    end loop;
end;
$$;

/*
 * Keep some redemptions for good: what they were used for is paid.
 */
create function pricing.keep_redemptions(business_id uuid, redemption_ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update pricing.coupon_redemptions
    set kept_at = private.now()
    where
        coupon_redemptions.business_id = keep_redemptions.business_id
        and coupon_redemptions.id = any(redemption_ids)
        and coupon_redemptions.released_at is null
        and coupon_redemptions.kept_at is null;
end;
$$;
