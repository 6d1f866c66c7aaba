-- What a constraint on products cannot say: the tree of categories has no cycle, and a variant has
-- a value of each option that its product allows.
--
-- Rows of products, options and variants that come straight from the API are answered in its words.
-- bulk_upsert_products writes many at once and finds words itself for those that a constraint
-- refuses.

create trigger _010_refuse_bad_input
before insert or update on catalog.product_categories
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.brands
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.products
for each row
when (current_user in ('anon', 'authenticated', 'api_key', 'service_role'))
execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.product_options
for each row
when (current_user in ('anon', 'authenticated', 'api_key', 'service_role'))
execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.product_variants
for each row
when (current_user in ('anon', 'authenticated', 'api_key', 'service_role'))
execute function business.any__refuse_bad_input('manage');

create trigger _900_touch
before update on catalog.products
for each row execute function private.any__touch();

create trigger _900_touch
before update on catalog.product_variants
for each row execute function private.any__touch();

/*
 * Refuse a category that would lie below itself. The business is locked until the transaction
 * ends: two moves that are harmless alone could make a cycle together.
 * Definer: the lock is on a row of another table.
 *
 * Errors:  PT400 invalid_input
 */
create function catalog.product_categories__refuse_cycle()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform business.lock_business(new.business_id);
    if new.id in (select catalog.category_path(new.business_id, new.parent_id)) then
        perform private.invalid('parent_id', 'must not be the category itself or one below it');
    end if;
    return new;
end;
$$;

create trigger _100_refuse_cycle
before insert or update of parent_id on catalog.product_categories
for each row
when (new.parent_id is not null)
execute function catalog.product_categories__refuse_cycle();

/*
 * Refuse a variant that lacks a value for an option of its product, or has another value than the
 * option allows. The product is locked until the transaction ends, so that its options stay.
 * Definer: the lock is on a row of another table.
 *
 * Errors:  PT400 invalid_input
 */
create function catalog.product_variants__refuse_other_options()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform 1
    from catalog.products
    where products.business_id = new.business_id and products.id = new.product_id
    for no key update;
    if not catalog.fits_options(new.business_id, new.product_id, new.options)
        or exists (
            select 1
            from catalog.product_options
            where
                product_options.business_id = new.business_id
                and product_options.product_id = new.product_id
                and not new.options ? product_options.name
        ) then
        perform private.invalid(
            'options', 'must have one of the allowed values for each option of the product'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_other_options
before insert or update of product_id, options on catalog.product_variants
for each row execute function catalog.product_variants__refuse_other_options();

/*
 * Refuse to take away an option, or a value of one, that a variant has. A new option may be added:
 * the variants from before lack it until somebody changes their options.
 * Definer: the lock is on a row of another table.
 *
 * Errors:  PT409 in_use
 */
create function catalog.product_options__refuse_used()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform 1
    from catalog.products
    where products.business_id = old.business_id and products.id = old.product_id
    for update;
    if found and exists (
        select 1
        from catalog.product_variants
        where
            product_variants.business_id = old.business_id
            and product_variants.product_id = old.product_id
            and not catalog.fits_options(
                old.business_id, old.product_id, product_variants.options
            )
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'A variant of the product has this option or value.',
            'Change or delete the variant first.'
        );
    end if;
    return null;
end;
$$;

create trigger _500_refuse_used
after update or delete on catalog.product_options
for each row execute function catalog.product_options__refuse_used();
