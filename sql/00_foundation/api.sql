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
