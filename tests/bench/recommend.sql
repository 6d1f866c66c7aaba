-- Baskets as delivered orders: %(baskets)s is an array of arrays of numbers of products. The first baskets have
-- customers, of whom one is asked for; every product is in stock.
with baskets as (
    select basket, position - 1 as number
    from jsonb_array_elements(%(baskets)s) with ordinality as listed (basket, position)
),

shop as (
    insert into business.businesses (id, slug, name, vertical_id, country, time_zone, currency, status)
    values (md5('basket shop')::uuid, 'basket-shop', 'Basket shop', 'salon', 'DE', 'Europe/Berlin', 'EUR', 'approved')
),

store as (
    insert into business.stores (id, business_id, name)
    values (md5('basket store')::uuid, md5('basket shop')::uuid, 'Store')
),

goods as (
    select md5('product ' || number)::uuid as id, 'P' || number as name
    from generate_series(0, %(products)s - 1) as number
),

products as (
    insert into catalog.products (id, business_id, name, slug, currency, is_published)
    select id, md5('basket shop')::uuid, name, lower(name), 'EUR', true from goods
),

variants as (
    insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
    select id, md5('basket shop')::uuid, id, name, 1000 from goods
),

levels as (
    insert into commerce.stock_levels (business_id, store_id, variant_id, on_hand)
    select md5('basket shop')::uuid, md5('basket store')::uuid, id, 1000 from goods
),

users as (
    insert into auth.users (id, email)
    select md5('buyer ' || number)::uuid, 'buyer' || number || '@example.com' from baskets
    where number < %(asked)s
),

sold as (
    insert into sales.sales (id, business_id, currency, placed_at)
    select md5('basket ' || number)::uuid, md5('basket shop')::uuid, 'EUR', now() from baskets
),

lines as (
    insert into sales.sale_lines (
        id, business_id, sale_id, position, revision, kind, name, quantity, unit_minor, amount_minor
    )
    select
        md5('line ' || number || ' ' || item)::uuid, md5('basket shop')::uuid, md5('basket ' || number)::uuid,
        position, 0, 'product', 'P' || item, 1, 1000, 1000
    from baskets cross join jsonb_array_elements_text(basket) with ordinality as listed (item, position)
),

orders as (
    insert into commerce.orders (
        id, business_id, sale_id, customer_id, reference, status, delivery_kind, placed_at
    )
    select
        md5('basket ' || number)::uuid, md5('basket shop')::uuid, md5('basket ' || number)::uuid,
        case when number < %(asked)s then md5('buyer ' || number)::uuid end,
        'B' || number, 'delivered', 'delivery', now() - interval '1 day'
    from baskets
)

insert into commerce.order_items (
    id, business_id, order_id, sale_line_id, variant_id, store_id, sku, name, quantity
)
select
    md5('line ' || number || ' ' || item)::uuid, md5('basket shop')::uuid, md5('basket ' || number)::uuid,
    md5('line ' || number || ' ' || item)::uuid, md5('product ' || item)::uuid, md5('basket store')::uuid,
    'P' || item, 'P' || item, 1
from baskets cross join jsonb_array_elements_text(basket) as item
