-- The lots of a business of which pieces are left.
select
    stores.name as store,
    product_variants.sku,
    products.name as product,
    stock_lots.code as lot,
    stock_lots.expires_on,
    stock_lots.on_hand,
    stock_lots.recalled_at
from public.stock_lots
inner join business.stores on stores.id = stock_lots.store_id
inner join catalog.product_variants on product_variants.id = stock_lots.variant_id
inner join catalog.products on products.id = product_variants.product_id
where
    stock_lots.business_id = %(business_id)s
    and stock_lots.on_hand > 0
    and (%(sku)s::text is null or product_variants.sku = %(sku)s)
order by stock_lots.expires_on nulls last, stores.name, product_variants.sku, stock_lots.code
