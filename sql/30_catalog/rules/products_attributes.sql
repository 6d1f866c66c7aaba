-- What a constraint on attributes cannot say: a product has values that fit the attributes of its
-- category, and no attribute, category or choice is taken away while a product has a value of it.
-- Whoever changes what attributes hold locks the business; whoever gives a product values locks it
-- for share, so that both see each other.

create trigger _010_refuse_bad_input
before insert or update on catalog.product_attributes
for each row execute function business.any__refuse_bad_input('manage');

/*
 * Refuse a value that does not fit the attributes of the product's category, and an attribute that
 * does not hold there, by its name.
 * Definer: the lock is on a row of another table.
 *
 * Errors:  PT400 invalid_input
 */
create function catalog.products__refuse_other_attributes()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_fault record;
begin
    if new.attributes <> '{}' then
        perform 1 from business.businesses where businesses.id = new.business_id for share;
    end if;
    select faults.key, faults.sentence into v_fault
    from catalog.attribute_faults(
        new.business_id, new.category_id, new.attributes, new.is_published
    ) as faults
    limit 1;
    if found then
        perform private.invalid('attributes.' || v_fault.key, v_fault.sentence);
    end if;
    return new;
end;
$$;

create trigger _100_refuse_other_attributes
before insert or update of category_id, attributes, is_published on catalog.products
for each row
when (jsonb_typeof(new.attributes) = 'object' and (new.attributes <> '{}' or new.is_published))
execute function catalog.products__refuse_other_attributes();

/*
 * Does a product in a category, or below it, have a value that does not fit its attributes? Without
 * a category, any product of the business.
 * Definer: it reads products that the caller may not.
 */
create function catalog.has_misfits(business_id uuid, category_id uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_category_ids constant uuid[] = array(
        select tree.id from catalog.category_tree(category_id) as tree
    );
begin
    return exists (
        select 1
        from catalog.products
        where
            products.business_id = has_misfits.business_id
            and products.attributes <> '{}'
            and (has_misfits.category_id is null or products.category_id = any(v_category_ids))
            and exists (
                select 1
                from catalog.attribute_faults(
                    products.business_id, products.category_id, products.attributes, false
                )
            )
    );
end;
$$;

/*
 * Refuse to change or delete an attribute while a product has a value that would no longer fit. A
 * newly required attribute may be added: products from before lack it until somebody changes them.
 * Definer: the lock is on a row of another table.
 *
 * Errors:  PT409 in_use
 */
create function catalog.product_attributes__refuse_used()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform 1 from business.businesses where businesses.id = old.business_id for no key update;
    if found and catalog.has_misfits(old.business_id, old.category_id) then
        perform private.refuse(
            'PT409', 'in_use', 'A product has a value of this attribute.',
            'Change the product first.'
        );
    end if;
    return null;
end;
$$;

create trigger _500_refuse_used
after update of category_id, key, kind, choices or delete on catalog.product_attributes
for each row execute function catalog.product_attributes__refuse_used();

/*
 * Refuse a new attribute whose key a product has under a definition further away, if the product's
 * value does not fit the new one.
 * Definer: the lock is on a row of another table.
 *
 * Errors:  PT409 in_use
 */
create function catalog.product_attributes__refuse_misfits()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform 1 from business.businesses where businesses.id = new.business_id for no key update;
    if catalog.has_misfits(new.business_id, new.category_id) then
        perform private.refuse(
            'PT409', 'in_use', 'A product has another value under this key.',
            'Change the product first, or choose another key.'
        );
    end if;
    return null;
end;
$$;

create trigger _510_refuse_misfits
after insert or update of category_id, key on catalog.product_attributes
for each row execute function catalog.product_attributes__refuse_misfits();

/*
 * Refuse to move or delete a category while a product has a value of an attribute that it would
 * lose.
 * Definer: the lock is on a row of another table.
 *
 * Errors:  PT409 in_use
 */
create function catalog.product_categories__refuse_used()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_is_used boolean;
begin
    perform 1 from business.businesses where businesses.id = old.business_id for no key update;
    if not found then
        return coalesce(new, old);
    end if;
    if tg_op = 'UPDATE' then
        v_is_used = catalog.has_misfits(old.business_id, old.id);
    else
        v_is_used = exists (
            select 1
            from catalog.products
            where
                products.business_id = old.business_id
                and products.category_id in (
                    select tree.id from catalog.category_tree(old.id) as tree
                )
                and products.attributes ?| array(
                    select held.key from catalog.attributes_in_category(old.business_id, old.id) as held
                    where held.category_id is not null
                )
        );
    end if;
    if v_is_used then
        perform private.refuse(
            'PT409', 'in_use', 'A product has a value of an attribute of this category.',
            'Change the product first.'
        );
    end if;
    return coalesce(new, old);
end;
$$;

create trigger _200_refuse_used
before delete on catalog.product_categories
for each row execute function catalog.product_categories__refuse_used();

create trigger _500_refuse_used
after update of parent_id on catalog.product_categories
for each row execute function catalog.product_categories__refuse_used();
