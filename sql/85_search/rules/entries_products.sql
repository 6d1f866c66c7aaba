-- What changes the entries of products: the product, its variants and translations, its brand and
-- its category.

/*
 * Write the entries of the products that a statement changed.
 *
 * Definer: only the owner may call search.write_entries.
 */
create function search.products__write_entries()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.write_entries(
        'product',
        array(select distinct changed.business_id from changed),
        array(select changed.id from changed)
    );
    return null;
end;
$$;

create trigger _810_write_entries_of_new
after insert on catalog.products
referencing new table as changed
for each statement execute function search.products__write_entries();

create trigger _810_write_entries_of_changed
after update on catalog.products
referencing new table as changed
for each statement execute function search.products__write_entries();

create trigger _810_write_entries_of_old
after delete on catalog.products
referencing old table as changed
for each statement execute function search.products__write_entries();

/*
 * Write the entries of the products of which a statement changed a part: a variant or a
 * translation.
 *
 * Definer: only the owner may call search.write_entries.
 */
create function search.product_parts__write_entries()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.write_entries(
        'product',
        array(select distinct changed.business_id from changed),
        array(
            select distinct changed.product_id from changed where changed.product_id is not null
        )
    );
    return null;
end;
$$;

create trigger _810_write_entries_of_new
after insert on catalog.product_variants
referencing new table as changed
for each statement execute function search.product_parts__write_entries();

create trigger _810_write_entries_of_changed
after update on catalog.product_variants
referencing new table as changed
for each statement execute function search.product_parts__write_entries();

create trigger _810_write_entries_of_old
after delete on catalog.product_variants
referencing old table as changed
for each statement execute function search.product_parts__write_entries();

create trigger _810_write_entries_of_new
after insert on catalog.product_translations
referencing new table as changed
for each statement execute function search.product_parts__write_entries();

create trigger _810_write_entries_of_changed
after update on catalog.product_translations
referencing new table as changed
for each statement execute function search.product_parts__write_entries();

create trigger _810_write_entries_of_old
after delete on catalog.product_translations
referencing old table as changed
for each statement execute function search.product_parts__write_entries();

/*
 * Write the entries of the products in the categories that a statement changed and in those below
 * them.
 *
 * Definer: only the owner may call search.write_entries.
 */
create function search.product_categories__write_entries()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.write_entries(
        'product',
        array(select distinct changed.business_id from changed),
        array(
            select distinct products.id
            from changed
            cross join lateral catalog.category_tree(changed.id) as tree
            inner join catalog.products
                on
                    products.business_id = changed.business_id
                    and products.category_id = tree.id
        )
    );
    return null;
end;
$$;

create trigger _810_write_entries_of_changed
after update on catalog.product_categories
referencing new table as changed
for each statement execute function search.product_categories__write_entries();

/*
 * Write the entries of the products of the brands that a statement changed.
 *
 * Definer: only the owner may call search.write_entries.
 */
create function search.brands__write_entries()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.write_entries(
        'product',
        array(select distinct changed.business_id from changed),
        array(
            select products.id
            from changed
            inner join catalog.products
                on
                    products.business_id = changed.business_id
                    and products.brand_id = changed.id
        )
    );
    return null;
end;
$$;

create trigger _810_write_entries_of_changed
after update on catalog.brands
referencing new table as changed
for each statement execute function search.brands__write_entries();
