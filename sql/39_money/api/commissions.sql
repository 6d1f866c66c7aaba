-- What clients read about plans. All of it is read-only.

create view public.commission_plans
with (security_invoker = true)
as
select
    commission_plans.id,
    commission_plans.name,
    commission_plans.tax_treatment,
    commission_plans.commission_tax_bps,
    commission_plans.created_at
from money.commission_plans;
grant select on public.commission_plans to authenticated, service_role;

comment on view public.commission_plans is
'What the platform charges. Owners and accountants read the plans that may hold for their '
'business, the platform''s finance staff all.';
comment on column public.commission_plans.id is 'Key.';
comment on column public.commission_plans.name is 'Its name.';
comment on column public.commission_plans.tax_treatment is
'platform_remits: the platform withholds the sale''s tax. vendor_remits: the tax stays with the '
'business. commission_taxed: it stays, and tax on the commission is charged.';
comment on column public.commission_plans.commission_tax_bps is
'The rate of the tax on the commission in basis points; 0 unless it is taxed.';
comment on column public.commission_plans.created_at is 'When it was made.';

create view public.commission_tiers
with (security_invoker = true)
as
select
    commission_tiers.id,
    commission_tiers.plan_id,
    commission_tiers.currency,
    commission_tiers.from_minor,
    commission_tiers.to_minor,
    commission_tiers.rate_bps,
    commission_tiers.fixed_minor
from money.commission_tiers;
grant select on public.commission_tiers to authenticated, service_role;

comment on view public.commission_tiers is
'The rates of a plan, by what the business sold in the calendar month (its zone) before the sale. '
'The whole sale has one rate.';
comment on column public.commission_tiers.id is 'Key.';
comment on column public.commission_tiers.plan_id is 'The plan.';
comment on column public.commission_tiers.currency is
'ISO 4217 code; null for a rate of every currency.';
comment on column public.commission_tiers.from_minor is
'The turnover from which the tier holds, included, in minor units.';
comment on column public.commission_tiers.to_minor is
'The turnover up to which it holds, excluded; null without an end.';
comment on column public.commission_tiers.rate_bps is 'The rate in basis points: 1500 is 15 %.';
comment on column public.commission_tiers.fixed_minor is
'Charged once for each line beside the rate, in minor units.';
