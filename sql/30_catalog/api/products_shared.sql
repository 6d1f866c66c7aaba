-- Shared products, and who lists what under them.

create view public.shared_products
with (security_invoker = true)
as
select
    shared_products.id,
    shared_products.name,
    shared_products.brand,
    shared_products.description,
    shared_products.barcode,
    shared_products.is_active,
    shared_products.created_at,
    shared_products.updated_at
from catalog.shared_products;
grant select on public.shared_products to anon;
grant select, insert, update, delete on public.shared_products to authenticated, service_role;

comment on view public.shared_products is
'Products that several businesses sell alike, described once. sellers_of says who sells one now, '
'and for how much.

Everyone reads the active ones; the platform''s administrators write them.';
comment on column public.shared_products.id is 'Primary key.';
comment on column public.shared_products.name is 'At most 200 characters.';
comment on column public.shared_products.brand is 'At most 200 characters, or null.';
comment on column public.shared_products.description is 'At most 5000 characters, or null.';
comment on column public.shared_products.barcode is
'What is printed on it, such as an EAN; unique, or null.';
comment on column public.shared_products.is_active is 'Whether everyone sees it.';
comment on column public.shared_products.created_at is 'When it was created.';
comment on column public.shared_products.updated_at is 'When it was last changed.';

create view public.product_listings
with (security_invoker = true)
as
select
    product_listings.id,
    product_listings.business_id,
    product_listings.variant_id,
    product_listings.shared_product_id,
    product_listings.created_at
from catalog.product_listings;
grant select on public.product_listings to anon;
grant select, insert, delete on public.product_listings to authenticated;
grant select, insert, update, delete on public.product_listings to service_role;

comment on view public.product_listings is
'Which variant of a business is which shared product.

Read like the variant; written by owners and managers.';
comment on column public.product_listings.id is 'Primary key.';
comment on column public.product_listings.business_id is 'The business that sells it.';
comment on column public.product_listings.variant_id is
'The variant of the business, which is listed once.';
comment on column public.product_listings.shared_product_id is 'The shared product.';
comment on column public.product_listings.created_at is 'When it was listed.';
