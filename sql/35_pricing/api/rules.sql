-- Price rules as members read them and managers write them.

create view public.price_rules
with (security_invoker = true)
as
select
    price_rules.id,
    price_rules.business_id,
    price_rules.name,
    price_rules.is_active,
    price_rules.priority,
    price_rules.is_final,
    price_rules.change_bps,
    price_rules.change_minor,
    price_rules.unit_minor,
    price_rules.currency,
    price_rules.service_id,
    price_rules.min_quantity,
    price_rules.max_quantity,
    price_rules.starts_at,
    price_rules.ends_at,
    price_rules.weekdays,
    price_rules.from_time,
    price_rules.until_time,
    price_rules.from_on,
    price_rules.until_on,
    price_rules.min_lead_minutes,
    price_rules.max_lead_minutes,
    price_rules.min_demand_bps,
    price_rules.max_demand_bps,
    price_rules.staff_level,
    price_rules.customer_group_id,
    price_rules.access,
    price_rules.store_id,
    price_rules.region,
    price_rules.created_at
from pricing.price_rules;
grant select, insert, update, delete on public.price_rules to authenticated, service_role;

comment on view public.price_rules is
'What makes a price higher or lower, and when. A condition that is null always holds.

Members of the business read them; owners and managers write them. See docs/money/pricing.md '
'for the order in which they apply.';
comment on column public.price_rules.id is 'Primary key.';
comment on column public.price_rules.business_id is 'The business that owns it.';
comment on column public.price_rules.name is 'Unique in the business, at most 200 characters.';
comment on column public.price_rules.is_active is 'Whether it applies.';
comment on column public.price_rules.priority is
'-1000 to 1000. The rule with the higher priority changes the price first.';
comment on column public.price_rules.is_final is
'Whether no other rule changes the price after it.';
comment on column public.price_rules.change_bps is
'Share of the price that is added, in basis points: -1000 is 10 % less.';
comment on column public.price_rules.change_minor is
'What is added to the price of one, in minor units; negative for less.';
comment on column public.price_rules.unit_minor is 'The price of one, in minor units.';
comment on column public.price_rules.currency is 'ISO 4217 code of the amount; null for a share.';
comment on column public.price_rules.service_id is 'Only for this service.';
comment on column public.price_rules.min_quantity is 'Only for lines of at least so many.';
comment on column public.price_rules.max_quantity is 'Only for lines of at most so many.';
comment on column public.price_rules.starts_at is 'Only for what is bought from then on.';
comment on column public.price_rules.ends_at is 'Only for what is bought before.';
comment on column public.price_rules.weekdays is
'Only on these days, 1 (Monday) to 7, on which it begins.';
comment on column public.price_rules.from_time is
'Only from this time of day on, in the business''s zone.';
comment on column public.price_rules.until_time is
'Only before this time of day; earlier than from_time for a night.';
comment on column public.price_rules.from_on is 'Only from this date on.';
comment on column public.price_rules.until_on is 'Only until this date.';
comment on column public.price_rules.min_lead_minutes is
'Only if it begins at least so many minutes later.';
comment on column public.price_rules.max_lead_minutes is
'Only if it begins less than so many minutes later.';
comment on column public.price_rules.min_demand_bps is
'Only if at least this share of the day is taken, in basis points.';
comment on column public.price_rules.max_demand_bps is
'Only if at most this share of the day is taken, in basis points.';
comment on column public.price_rules.staff_level is
'Only with somebody of this level, if the buyer names them.';
comment on column public.price_rules.customer_group_id is 'Only for the customers of this group.';
comment on column public.price_rules.access is 'Only for customers with this entitlement.';
comment on column public.price_rules.store_id is 'Only in this store.';
comment on column public.price_rules.region is
'Only in this country or part of it, ISO 3166 such as DE or DE-BY.';
comment on column public.price_rules.created_at is 'When it was made.';
