-- Products with the prices of their variants and the stock of all stores.
select
    businesses.slug as business,
    products.slug,
    products.name,
    product_categories.slug as category,
    brands.slug as brand,
    case
        when products.archived_at is not null then 'archived'
        when products.is_published then 'published'
        else 'draft'
    end as state,
    variants.quantity as variants,
    variants.lowest_minor,
    variants.highest_minor,
    products.currency,
    coalesce(stock.on_hand, 0) as on_hand
from catalog.products
inner join business.businesses on businesses.id = products.business_id
left join catalog.product_categories
    on
        product_categories.business_id = products.business_id
        and product_categories.id = products.category_id
left join catalog.brands
    on brands.business_id = products.business_id and brands.id = products.brand_id
cross join lateral (
    select
        count(*) as quantity,
        min(product_variants.price_minor) as lowest_minor,
        max(product_variants.price_minor) as highest_minor
    from catalog.product_variants
    where
        product_variants.business_id = products.business_id
        and product_variants.product_id = products.id
) as variants
cross join lateral (
    select sum(stock_levels.on_hand) as on_hand
    from catalog.product_variants
    inner join commerce.stock_levels
        on
            stock_levels.business_id = product_variants.business_id
            and stock_levels.variant_id = product_variants.id
    where
        product_variants.business_id = products.business_id
        and product_variants.product_id = products.id
) as stock
where %(business_id)s::uuid is null or products.business_id = %(business_id)s
order by businesses.slug, products.position, products.slug
limit %(limit)s
