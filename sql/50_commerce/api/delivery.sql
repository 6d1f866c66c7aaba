-- Delivery options, for those who choose one and those who write them.

create view public.delivery_options
with (security_invoker = true)
as
select
    delivery_options.id,
    delivery_options.business_id,
    delivery_options.name,
    delivery_options.kind,
    delivery_options.store_id,
    delivery_options.regions,
    delivery_options.postal_prefixes,
    delivery_options.min_weight_grams,
    delivery_options.max_weight_grams,
    delivery_options.min_amount_minor,
    delivery_options.max_amount_minor,
    delivery_options.currency,
    delivery_options.price_minor,
    delivery_options.free_from_minor,
    delivery_options.tax_class,
    delivery_options.can_split,
    delivery_options.position,
    delivery_options.is_active,
    delivery_options.created_at
from commerce.delivery_options;
grant select on public.delivery_options to anon;
grant select, insert, update, delete on public.delivery_options to authenticated, service_role;

comment on view public.delivery_options is
'How the goods of a business reach their buyer, and what that costs. eligible_delivery_options '
'says which ones a cart can take.

Everyone reads the active ones; members of the business read all of theirs; owners and managers '
'write them. One by which something was ordered cannot be deleted (in_use 409): switch it off.';
comment on column public.delivery_options.id is 'Primary key.';
comment on column public.delivery_options.business_id is 'The business that owns it.';
comment on column public.delivery_options.name is
'Unique in the business, at most 200 characters. Buyers see it.';
comment on column public.delivery_options.kind is 'pickup or delivery.';
comment on column public.delivery_options.store_id is
'The store where goods are picked up, or sent from; null for any.';
comment on column public.delivery_options.regions is
'Where it delivers: ISO 3166 codes such as DE or DE-BY; empty for everywhere.';
comment on column public.delivery_options.postal_prefixes is
'How the postal codes begin where it delivers, in capitals; empty for all.';
comment on column public.delivery_options.min_weight_grams is 'The least weight; null for none.';
comment on column public.delivery_options.max_weight_grams is 'The greatest weight; null for none.';
comment on column public.delivery_options.min_amount_minor is
'The least amount of goods, in minor units; null for none.';
comment on column public.delivery_options.max_amount_minor is
'The greatest amount of goods, in minor units; null for none.';
comment on column public.delivery_options.currency is
'ISO 4217 code of its amounts; it takes carts in this currency.';
comment on column public.delivery_options.price_minor is 'What it costs, in minor units.';
comment on column public.delivery_options.free_from_minor is
'Goods of this amount or more are delivered for nothing; null for never.';
comment on column public.delivery_options.tax_class is 'How it is taxed, such as standard.';
comment on column public.delivery_options.can_split is
'Whether one order may come from several stores.';
comment on column public.delivery_options.position is 'The order in which options are shown.';
comment on column public.delivery_options.is_active is 'Whether buyers can choose it.';
comment on column public.delivery_options.created_at is 'When it was made.';
