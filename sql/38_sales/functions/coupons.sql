-- How sales use promotions: claimed when a sale is placed, released when it is taken back whole
-- before it is paid, kept once it is paid.

/*
 * Write what promotions, allowances and points took off the lines of a sale, and claim them. A sale
 * without any claims nothing.
 *
 * Errors:  PT409 coupon_exhausted insufficient_points price_changed · PT422 coupon_invalid
 */
create function sales.claim_discounts(
    business_id uuid, sale_id uuid, quote jsonb, customer_id uuid, customer_email text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if coalesce(claim_discounts.quote -> 'promotions', '[]') = '[]'
        and coalesce((claim_discounts.quote ->> 'discount_minor')::bigint, 0) = 0 then
        return;
    end if;
    insert into sales.sale_line_discounts (
        business_id, sale_line_id, source, bearer, name, amount_minor
    )
    select
        sale_lines.business_id,
        sale_lines.id,
        discount.value ->> 'source',
        discount.value ->> 'bearer',
        discount.value ->> 'name',
        (discount.value ->> 'amount_minor')::bigint
    from jsonb_array_elements(claim_discounts.quote -> 'lines') with ordinality as line (value, place)
    cross join jsonb_array_elements(line.value -> 'discounts') as discount (value)
    inner join sales.sale_lines
        on
            sale_lines.business_id = claim_discounts.business_id
            and sale_lines.sale_id = claim_discounts.sale_id
            and line.place = sale_lines.position;
    perform sales.claim_allowances(
        claim_discounts.business_id, claim_discounts.sale_id,
        claim_discounts.quote -> 'allowances'
    );
    insert into sales.sale_coupons (business_id, sale_id, redemption_id)
    select claim_discounts.business_id, claim_discounts.sale_id, claims.id
    from unnest(
        pricing.claim_promotions(
            claim_discounts.business_id, claim_discounts.quote, claim_discounts.customer_id,
            claim_discounts.customer_email
        )
    ) as claims (id);
    perform sales.claim_points(
        claim_discounts.business_id, claim_discounts.sale_id, claim_discounts.quote,
        claim_discounts.customer_id, claim_discounts.customer_email
    );
end;
$$;

/*
 * Release the promotions of a sale that was taken back whole, unless it was paid.
 */
create function sales.release_coupons(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_redemption_ids uuid[] = sales.redemptions_of(
        release_coupons.business_id, release_coupons.sale_id
    );
begin
    if v_redemption_ids <> '{}' and (
        select sum(sale_lines.amount_minor) = 0
        from sales.sale_lines
        where
            sale_lines.business_id = release_coupons.business_id
            and sale_lines.sale_id = release_coupons.sale_id
            and sale_lines.kind <> 'fee'
    ) then
        perform pricing.release_redemptions(release_coupons.business_id, v_redemption_ids);
    end if;
end;
$$;

/*
 * Keep the promotions of a sale for good: it is paid.
 */
create function sales.keep_coupons(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform pricing.keep_redemptions(
        keep_coupons.business_id,
        sales.redemptions_of(keep_coupons.business_id, keep_coupons.sale_id)
    );
end;
$$;

/*
 * Return the uses of promotions by a sale.
 */
create function sales.redemptions_of(business_id uuid, sale_id uuid)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select sale_coupons.redemption_id
        from sales.sale_coupons
        where
            sale_coupons.business_id = redemptions_of.business_id
            and sale_coupons.sale_id = redemptions_of.sale_id
    );
end;
$$;
