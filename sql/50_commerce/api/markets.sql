-- Markets, for those who write them.

create view public.markets
with (security_invoker = true)
as
select
    markets.id,
    markets.business_id,
    markets.name,
    markets.regions,
    markets.currency,
    markets.locale,
    markets.position,
    markets.is_active,
    markets.created_at
from commerce.markets;
grant select on public.markets to anon;
grant select, insert, update, delete on public.markets to authenticated, service_role;

comment on view public.markets is
'In which currency and in which language a business sells to which countries. market_of says which '
'market a buyer is in.

Everyone reads the active ones; members of the business read all of theirs; owners and managers '
'write them.';
comment on column public.markets.id is 'Primary key.';
comment on column public.markets.business_id is 'The business that owns it.';
comment on column public.markets.name is 'Unique in the business, at most 200 characters.';
comment on column public.markets.regions is
'The countries or parts of them, ISO 3166 codes such as CH or DE-BY; empty for every country '
'without a market of its own.';
comment on column public.markets.currency is
'ISO 4217 code in which goods are sold there; price lists have the prices.';
comment on column public.markets.locale is
'The language of messages to buyers without an account, such as de or de-CH.';
comment on column public.markets.position is
'Of several markets that name the same place, the one with the lowest position counts.';
comment on column public.markets.is_active is 'Whether it counts.';
comment on column public.markets.created_at is 'When it was made.';
