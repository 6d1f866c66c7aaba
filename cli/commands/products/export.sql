-- The rows of bulk_upsert_products that make the products of a business: one for each variant, and
-- one for a product without variants.
select
    products.slug as product,
    products.name,
    products.description,
    product_categories.slug as category,
    brands.slug as brand,
    products.currency,
    products.tax_class,
    products.is_published,
    products.attributes,
    product_variants.sku,
    product_variants.options,
    product_variants.price_minor,
    product_variants.barcode,
    product_variants.weight_grams,
    product_variants.is_active,
    thresholds.alert_threshold
from catalog.products
left join catalog.product_categories
    on
        product_categories.business_id = products.business_id
        and product_categories.id = products.category_id
left join catalog.brands
    on brands.business_id = products.business_id and brands.id = products.brand_id
left join catalog.product_variants
    on
        product_variants.business_id = products.business_id
        and product_variants.product_id = products.id
-- A threshold that all stores share.
left join lateral (
    select min(stock_levels.alert_threshold) as alert_threshold
    from commerce.stock_levels
    where
        stock_levels.business_id = product_variants.business_id
        and stock_levels.variant_id = product_variants.id
    having
        min(stock_levels.alert_threshold) = max(stock_levels.alert_threshold)
        and count(stock_levels.alert_threshold) = (
            select count(*)
            from business.stores
            where stores.business_id = product_variants.business_id
        )
) as thresholds
    on true
where products.business_id = %(business_id)s and products.archived_at is null
order by products.position, products.slug, product_variants.position, product_variants.sku
