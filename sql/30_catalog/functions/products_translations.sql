-- Which text of a product a reader gets: the one in the language that suits best. The text of the
-- table itself is in the language of the business, and takes part like any translation.

/*
 * Return the translation that suits a reader best, or null when the text of the business does.
 */
create function catalog.best_translation(business_id uuid, subject_id uuid, wanted text[])
returns catalog.product_translations
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_own_rank constant integer = (
        select private.locale_rank(wanted, businesses.locale)
        from business.businesses
        where businesses.id = best_translation.business_id
    );
    v_best catalog.product_translations;
begin
    select product_translations.* into v_best
    from catalog.product_translations
    where
        product_translations.business_id = best_translation.business_id
        and product_translations.subject_id = best_translation.subject_id
        and private.locale_rank(wanted, product_translations.locale) < v_own_rank
    order by
        private.locale_rank(wanted, product_translations.locale), product_translations.locale
    limit 1;
    return v_best;
end;
$$;

/*
 * Return the options of a product in the best language: for each {name, label, values}, and for
 * each value {value, label}.
 */
create function catalog.options_for_reader(product_id uuid, wanted text[])
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'name', product_options.name,
                    'label', coalesce(best.name, product_options.name),
                    'values', (
                        select jsonb_agg(
                            jsonb_build_object(
                                'value', allowed.value,
                                'label', coalesce(best.value_names ->> allowed.value, allowed.value)
                            )
                            order by allowed.position
                        )
                        from unnest(product_options.allowed_values)
                            with ordinality as allowed (value, position)
                    )
                )
                order by product_options.position, product_options.name
            ),
            '[]'
        )
        from catalog.product_options
        left join lateral catalog.best_translation(
            product_options.business_id, product_options.id, wanted
        ) as best
            on true
        where product_options.product_id = options_for_reader.product_id
    );
end;
$$;

/*
 * Return the values of a product's attributes in the best language: for each {key, label, kind,
 * unit, value, value_label}.
 */
create function catalog.attributes_for_reader(product catalog.products, wanted text[])
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'key', held.key,
                    'label', coalesce(best.name, held.name),
                    'kind', held.kind,
                    'unit', held.unit,
                    'value', had.value,
                    'value_label', coalesce(best.value_names ->> (had.value #>> '{}'), had.value #>> '{}')
                )
                order by held.position, held.key
            ),
            '[]'
        )
        from jsonb_each(product.attributes) as had (key, value)
        inner join catalog.attributes_in_category(product.business_id, product.category_id) as held
            on held.key = had.key
        left join lateral catalog.best_translation(product.business_id, held.id, wanted) as best
            on true
    );
end;
$$;

/*
 * Return a category in the best language: {id, slug, name}, or null.
 */
create function catalog.category_for_reader(business_id uuid, category_id uuid, wanted text[])
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'id', product_categories.id,
            'slug', product_categories.slug,
            'name', coalesce(best.name, product_categories.name)
        )
        from catalog.product_categories
        left join lateral catalog.best_translation(
            product_categories.business_id, product_categories.id, wanted
        ) as best
            on true
        where
            product_categories.business_id = category_for_reader.business_id
            and product_categories.id = category_for_reader.category_id
    );
end;
$$;

/*
 * Return the variants of a product that the caller sees, with their pictures.
 */
create function catalog.variants_for_reader(product_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'id', product_variants.id,
                    'sku', product_variants.sku,
                    'options', product_variants.options,
                    'price_minor', product_variants.price_minor,
                    'weight_grams', product_variants.weight_grams,
                    'media_ids', array(
                        select product_variant_media.media_id
                        from catalog.product_variant_media
                        where
                            product_variant_media.business_id = product_variants.business_id
                            and product_variant_media.variant_id = product_variants.id
                        order by product_variant_media.position
                    ),
                    'bundle_items', array(
                        select jsonb_build_object(
                            'variant_id', bundle_items.variant_id, 'quantity', bundle_items.quantity
                        )
                        from catalog.bundle_items
                        where
                            bundle_items.business_id = product_variants.business_id
                            and bundle_items.bundle_variant_id = product_variants.id
                    )
                )
                order by product_variants.position, product_variants.sku
            ),
            '[]'
        )
        from catalog.product_variants
        where
            product_variants.product_id = variants_for_reader.product_id
            and product_variants.is_active
    );
end;
$$;

/*
 * Return what a variant is called in the language that suits a reader best: its product and its
 * options, or the name that it has where the product is not translated.
 */
create function catalog.variant_label(
    business_id uuid, variant_id uuid, name text, wanted text[]
)
returns text
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return coalesce(
        (
            select
                best.name || coalesce(
                    ' (' || (
                        select
                            string_agg(
                                coalesce(names.value_names ->> chosen.value, chosen.value),
                                ', ' order by chosen.key
                            )
                        from jsonb_each_text(product_variants.options) as chosen
                        left join catalog.product_options
                            on
                                product_options.business_id = product_variants.business_id
                                and product_options.product_id = product_variants.product_id
                                and product_options.name = chosen.key
                        left join lateral catalog.best_translation(
                            product_options.business_id, product_options.id, wanted
                        ) as names
                            on true
                    ) || ')',
                    ''
                )
            from catalog.product_variants
            cross join lateral catalog.best_translation(
                product_variants.business_id, product_variants.product_id, wanted
            ) as best
            where
                product_variants.business_id = variant_label.business_id
                and product_variants.id = variant_label.variant_id
        ),
        variant_label.name
    );
end;
$$;
