-- Writing the variants of a bulk change, and at which level their stock alerts.

/*
 * Refuse a SKU that a variant of another product has.
 *
 * Errors:  PT409 already_exists
 */
create function commerce.refuse_moved_variants(business_id uuid, sent commerce.sent_variant[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_sku text;
begin
    select variant.sku into v_sku
    from unnest(refuse_moved_variants.sent) as variant
    inner join catalog.product_variants as present
        on
            present.business_id = refuse_moved_variants.business_id
            and present.sku = variant.sku
    where present.product_id <> variant.product_id
    limit 1;
    if found then
        perform private.refuse(
            'PT409', 'already_exists',
            format('A variant of another product has the SKU %s.', v_sku),
            'Choose another SKU, or name the product that has the variant.'
        );
    end if;
end;
$$;

/*
 * Change the variants that exist. Returns those that differ now.
 */
create function commerce.update_variants(business_id uuid, sent commerce.sent_variant[])
returns setof uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return query
    update catalog.product_variants
    set
        options = wanted.options,
        price_minor = wanted.price_minor,
        barcode = wanted.barcode,
        weight_grams = wanted.weight_grams,
        is_active = wanted.is_active
    from (
        select
            present.id,
            case when variant.sent ? 'options' then variant.options
                else present.options end as options,
            coalesce(variant.price_minor, present.price_minor) as price_minor,
            case when variant.sent ? 'barcode' then variant.barcode
                else present.barcode end as barcode,
            case when variant.sent ? 'weight_grams' then variant.weight_grams
                else present.weight_grams end as weight_grams,
            case when variant.sent ? 'is_active' then variant.is_active
                else present.is_active end as is_active
        from unnest(update_variants.sent) as variant
        inner join catalog.product_variants as present
            on
                present.business_id = update_variants.business_id
                and present.sku = variant.sku
    ) as wanted
    where
        product_variants.business_id = update_variants.business_id
        and product_variants.id = wanted.id
        and (
            product_variants.options, product_variants.price_minor, product_variants.barcode,
            product_variants.weight_grams, product_variants.is_active
        ) is distinct from (
            wanted.options, wanted.price_minor, wanted.barcode, wanted.weight_grams,
            wanted.is_active
        )
    returning product_variants.id;
end;
$$;

/*
 * Add the variants that do not exist yet. Returns them.
 */
create function commerce.insert_variants(business_id uuid, sent commerce.sent_variant[])
returns setof uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return query
    insert into catalog.product_variants (
        business_id, product_id, sku, options, price_minor, barcode, weight_grams, is_active
    )
    select
        insert_variants.business_id, variant.product_id, variant.sku, variant.options,
        variant.price_minor, variant.barcode, variant.weight_grams, variant.is_active
    from unnest(insert_variants.sent) as variant
    where not exists (
        select 1
        from catalog.product_variants as present
        where
            present.business_id = insert_variants.business_id
            and present.sku = variant.sku
    )
    returning product_variants.id;
end;
$$;

/*
 * Set at which level each store of the business is alerted, for the variants that say so.
 */
create function commerce.set_thresholds(business_id uuid, sent commerce.sent_variant[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into commerce.stock_levels (business_id, store_id, variant_id, alert_threshold)
    select
        set_thresholds.business_id, stores.id, present.id, variant.alert_threshold
    from unnest(set_thresholds.sent) as variant
    inner join catalog.product_variants as present
        on
            present.business_id = set_thresholds.business_id
            and present.sku = variant.sku
    inner join business.stores on stores.business_id = set_thresholds.business_id
    where variant.sent ? 'alert_threshold'
    order by stores.id, present.id
    on conflict on constraint stock_levels_pkey do update
    set alert_threshold = excluded.alert_threshold
    where stock_levels.alert_threshold is distinct from excluded.alert_threshold;
end;
$$;
