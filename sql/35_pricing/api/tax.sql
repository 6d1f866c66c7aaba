-- What clients read and write about tax.

create view public.tax_rules
with (security_invoker = true)
as
select
    tax_rules.id,
    tax_rules.business_id,
    tax_rules.country,
    tax_rules.region,
    tax_rules.tax_class,
    tax_rules.component,
    tax_rules.rate_bps,
    tax_rules.is_compound,
    tax_rules.position,
    tax_rules.reach,
    tax_rules.during
from pricing.tax_rules;
grant select on public.tax_rules to anon;
grant select, insert, update, delete on public.tax_rules to authenticated, service_role;

comment on view public.tax_rules is
'The taxes of each class of what is sold. Rows without a business are the reference rates of a '
'country; a business that has rows for a class uses those instead.

Readable by everyone; owners and managers write those of their business.';
comment on column public.tax_rules.id is 'Key.';
comment on column public.tax_rules.business_id is
'The business whose rate it is; null for a reference rate.';
comment on column public.tax_rules.country is 'ISO 3166 code.';
comment on column public.tax_rules.region is
'ISO 3166-2 code, such as US-CA; null for the whole country. Both are added.';
comment on column public.tax_rules.tax_class is 'What it taxes, a name of the view tax_classes.';
comment on column public.tax_rules.component is
'The tax, such as vat, gst or sales_tax; exempt where nothing is due.';
comment on column public.tax_rules.rate_bps is
'The rate in basis points, with up to three decimals: 1900 is 19 %.';
comment on column public.tax_rules.is_compound is
'Whether it is levied on the taxes before it as well.';
comment on column public.tax_rules.position is 'The order of the taxes of a line, ascending.';
comment on column public.tax_rules.reach is
'always, within_region or between_regions: India splits GST only within one state.';
comment on column public.tax_rules.during is
'The days on which it holds, in the zone of the business.';

create view public.tax_settings
with (security_invoker = true)
as
select
    tax_settings.business_id,
    tax_settings.region,
    tax_settings.prices_include_tax,
    tax_settings.rounding_unit,
    tax_settings.rounding_mode,
    tax_settings.fees_are_taxed,
    tax_settings.gift_card_tax_class
from pricing.tax_settings;
grant select on public.tax_settings to anon;
grant select, insert, update, delete on public.tax_settings to authenticated, service_role;

comment on view public.tax_settings is
'The businesses that are registered for tax. Nothing that a business without a row sells is '
'taxed. What is empty is as the country has it.

Readable by everyone who can see the business; written by owners and managers.';
comment on column public.tax_settings.business_id is 'The business.';
comment on column public.tax_settings.region is
'Where it is registered, an ISO 3166-2 code such as US-CA; null where the country is enough.';
comment on column public.tax_settings.prices_include_tax is
'Whether its prices include tax; null: as is usual in its country.';
comment on column public.tax_settings.rounding_unit is
'line rounds the tax of each line, rate that of all lines at a rate; null: as the country has it.';
comment on column public.tax_settings.rounding_mode is
'half_up, down or up; null: as the country has it.';
comment on column public.tax_settings.fees_are_taxed is
'Whether fees for cancelling, moving and not coming are taxed as what was booked.';
comment on column public.tax_settings.gift_card_tax_class is
'The class, a row of tax_classes, by which gift cards are taxed when they are sold; what they pay '
'is then not taxed again. Null: gift cards are not taxed, and what they buy is.';

create view public.tax_numbers
with (security_invoker = true)
as
select
    tax_numbers.id,
    tax_numbers.business_id,
    tax_numbers.customer_id,
    tax_numbers.country,
    tax_numbers.number,
    tax_numbers.status,
    tax_numbers.checked_at,
    tax_numbers.created_at
from pricing.tax_numbers;
grant select, insert, update, delete on public.tax_numbers to authenticated, service_role;

comment on view public.tax_numbers is
'Tax numbers of a business and of its customers: VAT numbers, GSTINs, Japan''s T numbers of '
'issuers of qualified invoices.

Members read those of their business, owners and managers write them; customers read and write '
'their own.';
comment on column public.tax_numbers.id is 'Key.';
comment on column public.tax_numbers.business_id is 'The business that knows the number.';
comment on column public.tax_numbers.customer_id is
'The customer whose number it is; null for the business itself.';
comment on column public.tax_numbers.country is 'ISO 3166 code of the country that issued it.';
comment on column public.tax_numbers.number is
'Capital letters and digits; spaces and punctuation are removed.';
comment on column public.tax_numbers.status is
'pending until its check digits were looked at, then verified or refused; unchecked where nobody '
'knows the check digits of the country. Only a verified number counts.';
comment on column public.tax_numbers.checked_at is 'When it was checked; null while pending.';
comment on column public.tax_numbers.created_at is 'When it was written.';
