-- Promotions and coupons as members read them and managers write them, and their uses.

create view public.promotions
with (security_invoker = true)
as
select
    promotions.id,
    promotions.business_id,
    promotions.name,
    promotions.kind,
    promotions.is_active,
    promotions.is_automatic,
    promotions.priority,
    promotions.is_combinable,
    promotions.percent_bps,
    promotions.amount_minor,
    promotions.buy_quantity,
    promotions.get_quantity,
    promotions.currency,
    promotions.service_id,
    promotions.starts_at,
    promotions.ends_at,
    promotions.min_spend_minor,
    promotions.customer_group_id,
    promotions.access,
    promotions.store_id,
    promotions.region,
    promotions.max_uses,
    promotions.used_count,
    promotions.max_spend_minor,
    promotions.spent_minor,
    promotions.max_uses_per_customer,
    promotions.platform_bps,
    promotions.created_at,
    promotions.product_id,
    promotions.variant_id,
    promotions.product_category_id
from pricing.promotions;
grant select, insert, update, delete on public.promotions to authenticated, service_role;

comment on view public.promotions is
'Discounts: what is taken off, for whom, when and how often. An automatic promotion applies '
'by itself, any promotion by its coupons.

Members of the business read them; owners and managers write them. See docs/money/pricing.md '
'for the order in which they apply.';
comment on column public.promotions.id is 'Primary key.';
comment on column public.promotions.business_id is 'The business that owns it.';
comment on column public.promotions.name is
'Unique in the business, at most 200 characters. Buyers see it.';
comment on column public.promotions.kind is 'percent, fixed, buy_x_get_y or free_item.';
comment on column public.promotions.is_active is 'Whether it applies.';
comment on column public.promotions.is_automatic is 'Whether it applies without a coupon.';
comment on column public.promotions.priority is
'-1000 to 1000. The promotion with the higher priority applies first.';
comment on column public.promotions.is_combinable is
'Whether other promotions may apply to the same sale.';
comment on column public.promotions.percent_bps is
'percent: the share that is taken off, 1 to 10000 basis points.';
comment on column public.promotions.amount_minor is
'fixed: the amount that is taken off, in minor units.';
comment on column public.promotions.buy_quantity is 'buy_x_get_y: how many are paid for …';
comment on column public.promotions.get_quantity is
'… and how many of the cheapest are free then; free_item: how many are free.';
comment on column public.promotions.currency is
'ISO 4217 code of the amounts; the promotion applies only in it. Null for every currency.';
comment on column public.promotions.service_id is
'The service that it is taken off. Without it, product_id, variant_id and product_category_id it '
'is taken off everything but gift cards and shipping.';
comment on column public.promotions.starts_at is 'From then on; null for always.';
comment on column public.promotions.ends_at is 'Until then; null for good.';
comment on column public.promotions.min_spend_minor is 'The least subtotal, in minor units.';
comment on column public.promotions.customer_group_id is 'Only for the customers of this group.';
comment on column public.promotions.access is 'Only for customers with this entitlement.';
comment on column public.promotions.store_id is 'Only in this store.';
comment on column public.promotions.region is
'Only in this country or part of it, ISO 3166 such as DE or DE-BY.';
comment on column public.promotions.max_uses is 'How many sales may use it; null for no limit.';
comment on column public.promotions.used_count is 'How many sales use it.';
comment on column public.promotions.max_spend_minor is
'How much it may take off in all, in minor units; null for no limit.';
comment on column public.promotions.spent_minor is 'How much it took off so far, in minor units.';
comment on column public.promotions.max_uses_per_customer is
'How many sales of one customer may use it; null for no limit.';
comment on column public.promotions.platform_bps is
'The share of the discount that the platform bears, in basis points; see share_promotion.';
comment on column public.promotions.created_at is 'When it was made.';
comment on column public.promotions.product_id is
'The product whose variants it is taken off, instead of a service.';
comment on column public.promotions.variant_id is
'The variant that it is taken off, instead of a service.';
comment on column public.promotions.product_category_id is
'The category whose products, with those of the categories below it, it is taken off, instead of '
'a service.';

create view public.coupons
with (security_invoker = true)
as
select
    coupons.id,
    coupons.business_id,
    coupons.promotion_id,
    coupons.code,
    coupons.max_uses,
    coupons.used_count,
    coupons.is_active,
    coupons.created_at
from pricing.coupons;
grant select, insert, update, delete on public.coupons to authenticated, service_role;

comment on view public.coupons is
'Codes by which a promotion applies: one for many buyers, or one for each (create_coupons).

Members of the business read them; owners and managers write them.';
comment on column public.coupons.id is 'Primary key.';
comment on column public.coupons.business_id is 'The business that owns it.';
comment on column public.coupons.promotion_id is 'The promotion.';
comment on column public.coupons.code is
'3 to 40 capital letters, digits, hyphens or underscores, unique in the business. Buyers may '
'write it in any case.';
comment on column public.coupons.max_uses is
'How many sales may use it; null for no limit of its own.';
comment on column public.coupons.used_count is 'How many sales use it.';
comment on column public.coupons.is_active is 'Whether it can be used.';
comment on column public.coupons.created_at is 'When it was made.';

create view public.coupon_redemptions
with (security_invoker = true)
as
select
    coupon_redemptions.id,
    coupon_redemptions.business_id,
    coupon_redemptions.promotion_id,
    coupon_redemptions.coupon_id,
    coupon_redemptions.buyer_id,
    coupon_redemptions.buyer_email,
    coupon_redemptions.currency,
    coupon_redemptions.amount_minor,
    coupon_redemptions.redeemed_at,
    coupon_redemptions.released_at,
    coupon_redemptions.kept_at
from pricing.coupon_redemptions;
grant select on public.coupon_redemptions to authenticated, service_role;

comment on view public.coupon_redemptions is
'Each use of a promotion by a sale, with or without a coupon; embed sale_coupons for the '
'sale.

Members of the business read them; everybody reads their own.';
comment on column public.coupon_redemptions.id is 'Primary key.';
comment on column public.coupon_redemptions.business_id is 'The business.';
comment on column public.coupon_redemptions.promotion_id is 'The promotion.';
comment on column public.coupon_redemptions.coupon_id is
'The coupon; null for a promotion that applied by itself.';
comment on column public.coupon_redemptions.buyer_id is
'The account that used it; null for a guest, and once the account is gone.';
comment on column public.coupon_redemptions.buyer_email is 'The buyer''s e-mail address.';
comment on column public.coupon_redemptions.currency is 'ISO 4217 code of the amount.';
comment on column public.coupon_redemptions.amount_minor is 'What it took off, in minor units.';
comment on column public.coupon_redemptions.redeemed_at is 'When the sale was placed.';
comment on column public.coupon_redemptions.released_at is
'When the sale ended before it was paid: the use does not count any more.';
comment on column public.coupon_redemptions.kept_at is
'When the sale was paid: the use stays for good.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.create_coupons(
    promotion_id public.identifier,
    count public.whole_number,
    prefix text default null
)
returns setof public.coupons
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_ids uuid[] = pricing.create_coupons(
        private.to_identifier(promotion_id, 'promotion_id'),
        private.to_whole_number(count, 'count', 1, 1000),
        private.to_text(prefix, 'prefix', 20)
    );
begin
    return query
    select coupons.*
    from public.coupons
    where coupons.id = any(v_ids)
    order by coupons.code;
end;
$$;
comment on function public.create_coupons is
'Create coupons for a promotion, each of which one sale may use. Owners and managers.

Returns the coupons.

- count: how many, 1 to 1000.
- prefix: what each code begins with, at most 20 capital letters, digits, hyphens or underscores.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.share_promotion(
    promotion_id public.identifier, platform_bps public.whole_number
)
returns public.promotions
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(promotion_id, 'promotion_id');
    v_promotion public.promotions;
begin
    perform pricing.share_promotion(
        v_id, private.to_whole_number(platform_bps, 'platform_bps', 0, 10000)
    );
    select promotions.* into v_promotion
    from public.promotions
    where promotions.id = v_id;
    return v_promotion;
end;
$$;
comment on function public.share_promotion is
'Let the platform bear a share of a promotion. Platform staff of finance only.

From then on the business can only switch the promotion on and off. Returns the promotion.

- platform_bps: the share of each discount that the platform bears, 0 to 10000 basis points.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';
grant execute on function
public.create_coupons(public.identifier, public.whole_number, text),
public.share_promotion(public.identifier, public.whole_number)
to anon, authenticated, service_role;
