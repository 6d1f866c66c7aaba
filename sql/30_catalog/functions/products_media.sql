-- To whom the pictures of products and variants belong.

/*
 * Return the place of a product's files.
 * Definer: as files.place_in_business.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function catalog.place_of_product(subject_id uuid)
returns files.place
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return files.place_in_business(
        (select products.business_id from catalog.products where products.id = subject_id),
        'product'
    );
end;
$$;

/*
 * Return the place of a variant's files.
 * Definer: as files.place_in_business.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function catalog.place_of_product_variant(subject_id uuid)
returns files.place
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return files.place_in_business(
        (select product_variants.business_id from catalog.product_variants where product_variants.id = subject_id),
        'variant'
    );
end;
$$;
