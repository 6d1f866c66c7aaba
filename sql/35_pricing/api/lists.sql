-- Price lists as members read them and managers write them, and what things cost before.

create view public.price_lists
with (security_invoker = true)
as
select
    price_lists.id,
    price_lists.business_id,
    price_lists.name,
    price_lists.currency,
    price_lists.priority,
    price_lists.customer_group_id,
    price_lists.access,
    price_lists.store_id,
    price_lists.region,
    price_lists.starts_at,
    price_lists.ends_at,
    price_lists.is_active,
    price_lists.created_at
from pricing.price_lists;
grant select, insert, update, delete on public.price_lists to authenticated, service_role;

comment on view public.price_lists is
'Prices for some buyers, places or quantities.

Members of the business read them; owners and managers write them. See '
'docs/money/pricing.md.';
comment on column public.price_lists.id is 'Primary key.';
comment on column public.price_lists.business_id is 'The business that owns it.';
comment on column public.price_lists.name is 'Unique in the business, at most 200 characters.';
comment on column public.price_lists.currency is 'ISO 4217 code of its prices.';
comment on column public.price_lists.priority is
'-1000 to 1000. The list with the higher priority wins.';
comment on column public.price_lists.customer_group_id is
'Only for the customers of this group; null for all.';
comment on column public.price_lists.access is
'Only for customers with this entitlement; null for all.';
comment on column public.price_lists.store_id is 'Only in this store; null for all.';
comment on column public.price_lists.region is
'Only in this country or part of it, ISO 3166 such as DE or DE-BY; null for all.';
comment on column public.price_lists.starts_at is 'From then on; null for always.';
comment on column public.price_lists.ends_at is 'Until then; null for good.';
comment on column public.price_lists.is_active is 'Whether it applies.';
comment on column public.price_lists.created_at is 'When it was made.';

create view public.price_list_items
with (security_invoker = true)
as
select
    price_list_items.id,
    price_list_items.business_id,
    price_list_items.price_list_id,
    price_list_items.service_id,
    price_list_items.addon_id,
    price_list_items.min_quantity,
    price_list_items.unit_minor,
    price_list_items.created_at,
    price_list_items.variant_id
from pricing.price_list_items;
grant select, insert, update, delete on public.price_list_items to authenticated, service_role;

comment on view public.price_list_items is
'What a service, an add-on or a variant costs by a price list.

Members of the business read them; owners and managers write them.';
comment on column public.price_list_items.id is 'Primary key.';
comment on column public.price_list_items.business_id is 'The business that owns it.';
comment on column public.price_list_items.price_list_id is 'The price list.';
comment on column public.price_list_items.service_id is
'The service; null for the price of something else.';
comment on column public.price_list_items.addon_id is
'The add-on; null for the price of something else.';
comment on column public.price_list_items.min_quantity is
'The least quantity of a line for this price.';
comment on column public.price_list_items.unit_minor is
'The price of one, in minor units of the list''s currency.';
comment on column public.price_list_items.created_at is 'When it was made.';
comment on column public.price_list_items.variant_id is
'The variant; null for the price of something else.';

create view public.price_history
with (security_invoker = true)
as
select
    price_history.id,
    price_history.business_id,
    price_history.service_id,
    price_history.addon_id,
    price_history.price_list_id,
    price_history.min_quantity,
    price_history.currency,
    price_history.unit_minor,
    price_history.from_at,
    price_history.variant_id
from pricing.price_history;
grant select on public.price_history to anon, authenticated, service_role;

comment on view public.price_history is
'What services, add-ons and variants cost, since when.

The prices of the catalog are readable by everyone who can see the service or the variant, those '
'of price lists by members of the business.';
comment on column public.price_history.id is 'Primary key.';
comment on column public.price_history.business_id is 'The business.';
comment on column public.price_history.service_id is 'The service; null for something else.';
comment on column public.price_history.addon_id is 'The add-on; null for something else.';
comment on column public.price_history.price_list_id is 'The price list; null for the catalog.';
comment on column public.price_history.min_quantity is
'The least quantity of a line for this price.';
comment on column public.price_history.currency is 'ISO 4217 code.';
comment on column public.price_history.unit_minor is
'The price of one, in minor units; null when it had none any more.';
comment on column public.price_history.from_at is 'Since when.';
comment on column public.price_history.variant_id is 'The variant; null for something else.';

create view public.lowest_prices
with (security_invoker = true)
as
with periods as not materialized (
    select
        price_history.*,
        lead(price_history.from_at) over (
            partition by
                price_history.business_id, price_history.service_id, price_history.addon_id,
                price_history.variant_id, price_history.price_list_id,
                price_history.min_quantity, price_history.currency
            order by price_history.from_at, price_history.id
        ) as until_at
    from pricing.price_history
)

select
    periods.business_id,
    periods.service_id,
    periods.addon_id,
    periods.price_list_id,
    periods.min_quantity,
    periods.currency,
    periods.unit_minor,
    periods.from_at,
    (
        select min(earlier.unit_minor)
        from periods as earlier
        where
            earlier.business_id = periods.business_id
            and earlier.service_id is not distinct from periods.service_id
            and earlier.addon_id is not distinct from periods.addon_id
            and earlier.variant_id is not distinct from periods.variant_id
            and earlier.price_list_id is not distinct from periods.price_list_id
            and earlier.min_quantity = periods.min_quantity
            and earlier.currency = periods.currency
            and earlier.from_at < periods.from_at
            and earlier.until_at > earlier.from_at
            and earlier.until_at > periods.from_at - interval '30 days'
    ) as lowest_minor,
    periods.variant_id
from periods
where periods.until_at is null and periods.unit_minor is not null;
grant select on public.lowest_prices to anon, authenticated, service_role;

comment on view public.lowest_prices is
'The price of each service, add-on and variant now, and the lowest one of the 30 days before it, '
'which a business must show beside a reduced price in the European Union.

Readable like price_history.';
comment on column public.lowest_prices.business_id is 'The business.';
comment on column public.lowest_prices.service_id is 'The service; null for something else.';
comment on column public.lowest_prices.addon_id is 'The add-on; null for something else.';
comment on column public.lowest_prices.price_list_id is 'The price list; null for the catalog.';
comment on column public.lowest_prices.min_quantity is
'The least quantity of a line for this price.';
comment on column public.lowest_prices.currency is 'ISO 4217 code.';
comment on column public.lowest_prices.unit_minor is 'The price of one now, in minor units.';
comment on column public.lowest_prices.from_at is 'Since when it costs that.';
comment on column public.lowest_prices.lowest_minor is
'The lowest price of the 30 days before from_at, in minor units; null for the first price.';
comment on column public.lowest_prices.variant_id is 'The variant; null for something else.';
