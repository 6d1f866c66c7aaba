-- Who may read and write promotions and coupons: as prices. Buyers read their own uses.

alter table pricing.promotions enable row level security;
grant select, delete on pricing.promotions to authenticated;
grant insert (
    id, business_id, name, kind, is_active, is_automatic, priority, is_combinable,
    percent_bps, amount_minor, buy_quantity, get_quantity, currency, service_id, starts_at,
    ends_at, min_spend_minor, customer_group_id, access, store_id, region, max_uses,
    max_spend_minor, max_uses_per_customer, product_id, variant_id, product_category_id
) on pricing.promotions to authenticated;
grant update (
    id, business_id, name, kind, is_active, is_automatic, priority, is_combinable,
    percent_bps, amount_minor, buy_quantity, get_quantity, currency, service_id, starts_at,
    ends_at, min_spend_minor, customer_group_id, access, store_id, region, max_uses,
    max_spend_minor, max_uses_per_customer, product_id, variant_id, product_category_id
) on pricing.promotions to authenticated;
grant select, insert, update, delete on pricing.promotions to service_role;

create policy promotions_select
on pricing.promotions
for select
to authenticated
using (business_id in (select private.seen_businesses()));

create policy promotions_insert
on pricing.promotions
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy promotions_update
on pricing.promotions
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy promotions_delete
on pricing.promotions
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

alter table pricing.coupons enable row level security;
grant select, delete on pricing.coupons to authenticated;
grant insert (
    id, business_id, promotion_id, code, max_uses, is_active
) on pricing.coupons to authenticated;
grant update (
    id, business_id, max_uses, is_active
) on pricing.coupons to authenticated;
grant select, insert, update, delete on pricing.coupons to service_role;

create policy coupons_select
on pricing.coupons
for select
to authenticated
using (business_id in (select private.seen_businesses()));

create policy coupons_insert
on pricing.coupons
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy coupons_update
on pricing.coupons
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy coupons_delete
on pricing.coupons
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

alter table pricing.coupon_redemptions enable row level security;
grant select on pricing.coupon_redemptions to authenticated;
grant select, insert, update, delete on pricing.coupon_redemptions to service_role;

create policy coupon_redemptions_select
on pricing.coupon_redemptions
for select
to authenticated
using (
    buyer_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
);
