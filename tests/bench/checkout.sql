-- A shop with a thousand variants in one store, which it sends by post, registered for tax, and as
-- many buyers as there are clients.
insert into auth.users (id, email, email_confirmed_at)
select md5('shopper ' || n)::uuid, 'shopper-' || n || '@example.com', now()
from generate_series(0, 15) as n;
insert into business.stores (id, business_id, name)
values (md5('shop')::uuid, '00000000-0000-4000-8000-00000000000b', 'Bench store');
insert into pricing.tax_settings (business_id) values ('00000000-0000-4000-8000-00000000000b');
insert into catalog.products (id, business_id, name, slug, currency, is_published)
select
    md5('goods ' || n)::uuid, '00000000-0000-4000-8000-00000000000b', 'Product ' || n,
    'product-' || n, 'EUR', true
from generate_series(0, 999) as n;
insert into catalog.product_variants (id, business_id, product_id, sku, price_minor, weight_grams)
select
    md5('goods ' || n)::uuid, '00000000-0000-4000-8000-00000000000b', md5('goods ' || n)::uuid,
    'SKU-' || n, 1000 + n, 100
from generate_series(0, 999) as n;
insert into commerce.stock_levels (business_id, store_id, variant_id)
select '00000000-0000-4000-8000-00000000000b', md5('shop')::uuid, md5('goods ' || n)::uuid
from generate_series(0, 999) as n;
select commerce.record_movements(
    '00000000-0000-4000-8000-00000000000b', md5('shop')::uuid,
    array(
        select (md5('goods ' || n)::uuid, 1000000)::commerce.stock_item
        from generate_series(0, 999) as n
    ),
    'received', null
);
insert into commerce.delivery_options (
    id, business_id, name, kind, regions, max_weight_grams, currency, price_minor
)
values (
    md5('post')::uuid, '00000000-0000-4000-8000-00000000000b', 'Post', 'delivery', '{DE}', 20000,
    'EUR', 490
);
update money.providers set is_enabled = true where name = 'sandbox';
analyze;
