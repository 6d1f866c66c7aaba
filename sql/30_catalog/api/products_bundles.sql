-- What bundles contain.

create view public.bundle_items
with (security_invoker = true)
as
select
    bundle_items.business_id,
    bundle_items.bundle_variant_id,
    bundle_items.variant_id,
    bundle_items.quantity
from catalog.bundle_items;
grant select on public.bundle_items to anon;
grant select, insert, update, delete on public.bundle_items to authenticated, service_role;

comment on view public.bundle_items is
'Bundles: variants that are sold as some pieces of other variants.

Read like the bundle; written by owners and managers. A bundle has its own price and no stock: '
'selling it takes the pieces of what it contains. A bundle contains no other bundle.';
comment on column public.bundle_items.business_id is 'The business that sells it.';
comment on column public.bundle_items.bundle_variant_id is 'The variant that is the bundle.';
comment on column public.bundle_items.variant_id is 'A variant that the bundle contains.';
comment on column public.bundle_items.quantity is
'How many pieces of it one bundle contains, from 1 to 1000.';
