-- What the foundation offers to clients.

create view public.currencies
with (security_invoker = true)
as
select
    currencies.code,
    currencies.name,
    currencies.minor_digits
from pricing.currencies;
grant select on public.currencies to anon, authenticated, service_role;

comment on view public.currencies is
'Currencies of prices.

Readable by everyone.';
comment on column public.currencies.code is 'ISO 4217 code, such as EUR.';
comment on column public.currencies.name is 'English name.';
comment on column public.currencies.minor_digits is
'Digits after the decimal point. Amounts are whole minor units: 0 digits for JPY, 2 for EUR, 3 for '
'KWD.';

create view public.tax_classes
with (security_invoker = true)
as
select
    tax_classes.name,
    tax_classes.description,
    tax_classes.position
from pricing.tax_classes;
grant select on public.tax_classes to anon, authenticated, service_role;

comment on view public.tax_classes is
'How what is sold is taxed. The view tax_rules says at which rates.

Readable by everyone.';
comment on column public.tax_classes.name is 'Key, such as standard.';
comment on column public.tax_classes.description is 'What belongs to it, in English.';
comment on column public.tax_classes.position is 'Order of display, ascending.';
