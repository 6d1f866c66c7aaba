-- The stores of a business, as clients read them and managers write them.

create view public.stores
with (security_invoker = true)
as
select
    stores.id,
    stores.business_id,
    stores.name,
    stores.region,
    stores.position,
    stores.is_active,
    stores.created_at
from business.stores;
grant select on public.stores to anon;
grant select, insert, update, delete on public.stores to authenticated, service_role;

comment on view public.stores is
'The stores of a business.

Readable by everyone who can see the business; written by owners and managers.';
comment on column public.stores.id is 'Primary key.';
comment on column public.stores.business_id is 'The business that owns it. Cannot be changed.';
comment on column public.stores.name is 'Unique in the business, at most 200 characters.';
comment on column public.stores.region is
'ISO 3166 code of the country or its part, such as DE or DE-BY; null for the business''s country.';
comment on column public.stores.position is 'Order of display, ascending.';
comment on column public.stores.is_active is 'Whether it sells.';
comment on column public.stores.created_at is 'When it was added.';
