-- The store of a business by its name, and the variant by its SKU; null where there is none.
select
    (
        select stores.id
        from business.stores
        where stores.business_id = %(business_id)s and stores.name = %(store)s
    ) as store_id,
    (
        select product_variants.id
        from catalog.product_variants
        where
            product_variants.business_id = %(business_id)s
            and product_variants.sku = %(sku)s
    ) as variant_id
