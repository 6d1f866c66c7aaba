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
    stores.created_at,
    stores.line1,
    stores.line2,
    stores.postal_code,
    stores.city,
    stores.latitude,
    stores.longitude,
    stores.is_pickup
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
comment on column public.stores.line1 is 'Street and number, or null.';
comment on column public.stores.line2 is 'Further line of the address, or null.';
comment on column public.stores.postal_code is 'Postal code, or null.';
comment on column public.stores.city is 'City, or null.';
comment on column public.stores.latitude is
'Degrees north, or null. With a place nearest_stores finds it.';
comment on column public.stores.longitude is 'Degrees east, or null.';
comment on column public.stores.is_pickup is 'Whether orders can be picked up there.';

create view public.store_hours
with (security_invoker = true)
as
select
    store_hours.id,
    store_hours.business_id,
    store_hours.store_id,
    store_hours.weekday,
    store_hours.opens_at,
    store_hours.closes_at
from business.store_hours;
grant select on public.store_hours to anon;
grant select, insert, update, delete on public.store_hours to authenticated, service_role;

comment on view public.store_hours is
'When the stores of a business are open. Read like the stores; written by owners and managers.';
comment on column public.store_hours.id is 'Key.';
comment on column public.store_hours.business_id is 'The business. Cannot be changed.';
comment on column public.store_hours.store_id is 'The store.';
comment on column public.store_hours.weekday is '1 (Monday) to 7 (Sunday).';
comment on column public.store_hours.opens_at is 'From then on, on the clock of the business.';
comment on column public.store_hours.closes_at is 'Until then.';
