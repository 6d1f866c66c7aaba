-- A product says from which price it can be had. The two prices are those of its active variants.

/*
 * Write the lowest and the highest price of the products whose variants changed. The products are
 * locked first, so that each change sees the variants that another one wrote.
 * Definer: nobody has a write grant on these columns.
 */
create function catalog.product_variants__reprice()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform 1
    from catalog.products
    where (products.business_id, products.id) in (
        select changed.business_id, changed.product_id from changed
    )
    order by products.id
    for no key update;
    update catalog.products
    set lowest_price_minor = prices.lowest, highest_price_minor = prices.highest
    from (
        select
            touched.business_id,
            touched.product_id,
            min(product_variants.price_minor) as lowest,
            max(product_variants.price_minor) as highest
        from (select distinct changed.business_id, changed.product_id from changed) as touched
        left join catalog.product_variants
            on
                product_variants.business_id = touched.business_id
                and product_variants.product_id = touched.product_id
                and product_variants.is_active
        group by touched.business_id, touched.product_id
    ) as prices
    where
        products.business_id = prices.business_id
        and products.id = prices.product_id
        and (products.lowest_price_minor, products.highest_price_minor)
        is distinct from (prices.lowest, prices.highest);
    return null;
end;
$$;

create trigger _500_reprice_inserted
after insert on catalog.product_variants
referencing new table as changed
for each statement execute function catalog.product_variants__reprice();

create trigger _500_reprice_updated
after update on catalog.product_variants
referencing new table as changed
for each statement execute function catalog.product_variants__reprice();

create trigger _500_reprice_deleted
after delete on catalog.product_variants
referencing old table as changed
for each statement execute function catalog.product_variants__reprice();
