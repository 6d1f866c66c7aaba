-- What a constraint on bundles cannot say: no bundle contains a bundle, and nobody deletes a
-- variant that a bundle contains.

create trigger _010_refuse_bad_input
before insert or update on catalog.bundle_items
for each row execute function business.any__refuse_bad_input('manage');

/*
 * Refuse a bundle inside a bundle. Both variants are locked until the transaction ends: two items
 * that are harmless alone could nest together.
 * Definer: the lock is on rows of another table.
 *
 * Errors:  PT400 invalid_input
 */
create function catalog.bundle_items__refuse_nesting()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform 1
    from catalog.product_variants
    where
        product_variants.business_id = new.business_id
        and product_variants.id in (new.bundle_variant_id, new.variant_id)
    order by product_variants.id
    for no key update;
    if exists (
        select 1
        from catalog.bundle_items
        where
            bundle_items.business_id = new.business_id
            and bundle_items.bundle_variant_id = new.variant_id
    ) then
        perform private.invalid('variant_id', 'must not be a bundle');
    end if;
    if exists (
        select 1
        from catalog.bundle_items
        where
            bundle_items.business_id = new.business_id
            and bundle_items.variant_id = new.bundle_variant_id
    ) then
        perform private.invalid('bundle_variant_id', 'must not be part of another bundle');
    end if;
    return new;
end;
$$;

create trigger _100_refuse_nesting
before insert or update of bundle_variant_id, variant_id on catalog.bundle_items
for each row execute function catalog.bundle_items__refuse_nesting();

/*
 * Refuse to delete a variant that a bundle contains.
 * Definer: it reads bundles that the caller may not.
 *
 * Errors:  PT409 in_use
 */
create function catalog.product_variants__refuse_bundled()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from catalog.bundle_items
        where
            bundle_items.business_id = old.business_id
            and bundle_items.variant_id = old.id
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'A bundle contains this variant.',
            'Take it out of the bundle first, or switch it off.'
        );
    end if;
    return old;
end;
$$;

create trigger _200_refuse_bundled
before delete on catalog.product_variants
for each row execute function catalog.product_variants__refuse_bundled();
