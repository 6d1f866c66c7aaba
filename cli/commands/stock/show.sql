-- The levels of a business, store by store.
select
    stores.name as store,
    product_variants.sku,
    products.name as product,
    inventory_levels.on_hand,
    inventory_levels.reserved,
    inventory_levels.available,
    inventory_levels.backorder_limit,
    inventory_levels.alert_threshold,
    inventory_levels.is_low,
    inventory_levels.counted_at
from public.inventory_levels
inner join business.stores on stores.id = inventory_levels.store_id
inner join catalog.product_variants on product_variants.id = inventory_levels.variant_id
inner join catalog.products on products.id = product_variants.product_id
where
    inventory_levels.business_id = %(business_id)s
    and (%(sku)s::text is null or product_variants.sku = %(sku)s)
    and (not %(low)s or inventory_levels.is_low)
order by stores.position, stores.name, product_variants.sku
