-- Products as clients read them and, as owners and managers, write them.

create view public.product_categories
with (security_invoker = true)
as
select
    product_categories.id,
    product_categories.business_id,
    product_categories.parent_id,
    product_categories.name,
    product_categories.slug,
    product_categories.position,
    product_categories.created_at
from catalog.product_categories;
grant select on public.product_categories to anon;
grant select, insert, update, delete on public.product_categories to authenticated, service_role;

comment on view public.product_categories is
'A business''s groups of products, as a tree.

Readable by everyone who can see the business; written by owners and managers.';
comment on column public.product_categories.id is 'Primary key.';
comment on column public.product_categories.business_id is 'The business that owns it.';
comment on column public.product_categories.parent_id is
'The category above it; null at the top. Never the category itself or one below it.';
comment on column public.product_categories.name is 'At most 200 characters.';
comment on column public.product_categories.slug is
'Unique in the business: lower-case words joined by hyphens.';
comment on column public.product_categories.position is 'Order of display, ascending.';
comment on column public.product_categories.created_at is 'When it was created.';

create view public.brands
with (security_invoker = true)
as
select
    brands.id,
    brands.business_id,
    brands.name,
    brands.slug,
    brands.description,
    brands.created_at
from catalog.brands;
grant select on public.brands to anon;
grant select, insert, update, delete on public.brands to authenticated, service_role;

comment on view public.brands is
'The brands of a business''s products.

Readable by everyone who can see the business; written by owners and managers.';
comment on column public.brands.id is 'Primary key.';
comment on column public.brands.business_id is 'The business that owns it.';
comment on column public.brands.name is 'At most 200 characters.';
comment on column public.brands.slug is
'Unique in the business: lower-case words joined by hyphens.';
comment on column public.brands.description is 'At most 5000 characters.';
comment on column public.brands.created_at is 'When it was created.';

create view public.products
with (security_invoker = true)
as
select
    products.id,
    products.business_id,
    products.category_id,
    products.brand_id,
    products.name,
    products.slug,
    products.description,
    products.currency,
    products.tax_class,
    products.position,
    products.is_published,
    products.archived_at,
    products.created_at,
    products.updated_at,
    products.attributes,
    products.lowest_price_minor,
    products.highest_price_minor,
    products.access
from catalog.products;
grant select on public.products to anon;
grant select, insert, update, delete on public.products to authenticated, service_role;

comment on view public.products is
'Products: goods that are sold in one or more variants.

Everyone reads the published ones of businesses that are open to the public, members read '
'all of theirs; owners and managers write them. products_in_category lists those of a '
'category and the categories below it.';
comment on column public.products.id is 'Primary key.';
comment on column public.products.business_id is 'The business that sells it.';
comment on column public.products.category_id is 'Its category, or null.';
comment on column public.products.brand_id is 'Its brand, or null.';
comment on column public.products.name is 'At most 200 characters.';
comment on column public.products.slug is
'Unique in the business: lower-case words joined by hyphens.';
comment on column public.products.description is 'At most 5000 characters.';
comment on column public.products.currency is 'ISO 4217 code of the prices of its variants.';
comment on column public.products.access is
'What a customer needs to see it, such as gold_member, which a membership plan grants; null: '
'nothing.';
comment on column public.products.tax_class is 'How it is taxed: a name of tax_classes.';
comment on column public.products.position is 'Order of display, ascending.';
comment on column public.products.is_published is 'Whether it is in the public catalog.';
comment on column public.products.archived_at is
'Since when it is out of the catalog; null while it is in use.';
comment on column public.products.created_at is 'When it was created.';
comment on column public.products.updated_at is 'When it was last changed.';
comment on column public.products.attributes is
'A JSON object with a value for each attribute that it has, such as {"colour": "red"}; '
'category_attributes lists which there are. A published product has a value for each required '
'one.';
comment on column public.products.lowest_price_minor is
'Lowest price of its active variants, in minor units of its currency; null while there is none.';
comment on column public.products.highest_price_minor is
'Highest price of its active variants, in minor units of its currency; null while there is none.';

create view public.product_options
with (security_invoker = true)
as
select
    product_options.id,
    product_options.business_id,
    product_options.product_id,
    product_options.name,
    product_options.allowed_values,
    product_options.position
from catalog.product_options;
grant select on public.product_options to anon;
grant select, insert, update, delete on public.product_options to authenticated, service_role;

comment on view public.product_options is
'By what the variants of a product differ, such as the size.

Read like the product; written by owners and managers. An option or value that a variant has '
'cannot be taken away (409 in_use).';
comment on column public.product_options.id is 'Primary key.';
comment on column public.product_options.business_id is 'The business that sells it.';
comment on column public.product_options.product_id is 'The product.';
comment on column public.product_options.name is 'Unique in the product, at most 40 characters.';
comment on column public.product_options.allowed_values is
'1 to 100 different values, each of at most 40 characters.';
comment on column public.product_options.position is 'Order of display, ascending.';

create view public.product_variants
with (security_invoker = true)
as
select
    product_variants.id,
    product_variants.business_id,
    product_variants.product_id,
    product_variants.sku,
    product_variants.options,
    product_variants.price_minor,
    product_variants.barcode,
    product_variants.weight_grams,
    product_variants.position,
    product_variants.is_active,
    product_variants.created_at,
    product_variants.updated_at
from catalog.product_variants;
grant select on public.product_variants to anon;
grant select, insert, update, delete on public.product_variants to authenticated, service_role;

comment on view public.product_variants is
'Variants: what is priced, stocked and sold of a product.

Read like the product, by customers only while active; written by owners and managers.';
comment on column public.product_variants.id is 'Primary key.';
comment on column public.product_variants.business_id is 'The business that sells it.';
comment on column public.product_variants.product_id is 'The product.';
comment on column public.product_variants.sku is
'Stock keeping unit, unique in the business, at most 64 characters.';
comment on column public.product_variants.options is
'A JSON object with one allowed value for each option of the product, such as {"Size": "M"}; '
'unique in the product.';
comment on column public.product_variants.price_minor is
'Price of one piece, in minor units of the product''s currency.';
comment on column public.product_variants.barcode is 'Letters, digits and hyphens, or null.';
comment on column public.product_variants.weight_grams is 'Weight of one piece in grams, or null.';
comment on column public.product_variants.position is 'Order of display, ascending.';
comment on column public.product_variants.is_active is 'Whether it can be sold.';
comment on column public.product_variants.created_at is 'When it was created.';
comment on column public.product_variants.updated_at is 'When it was last changed.';

/*
 * Errors:  PT400 invalid_input
 */
create function public.products_in_category(
    category_id public.identifier,
    after public.identifier default null,
    page_size public.whole_number default '100'
)
returns setof public.products
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_category_id constant uuid = private.to_identifier(category_id, 'category_id');
    v_after_id constant uuid = private.to_identifier(after, 'after', false);
    v_page_size constant integer = private.to_whole_number(
        page_size, 'page_size', 1, 200, if_null => 100
    );
    v_after_name constant text = (
        select products.name from public.products where products.id = v_after_id
    );
begin
    return query
    select products.*
    from catalog.category_tree(v_category_id) as tree
    inner join public.products
        on products.business_id = tree.business_id and products.category_id = tree.id
    where
        products.archived_at is null
        and (v_after_id is null or (products.name, products.id) > (v_after_name, v_after_id))
    order by products.name, products.id
    limit v_page_size;
end;
$$;
comment on function public.products_in_category is
'List the products of a category and of all categories below it, by name. Archived products are '
'left out.

- category_id: the category.
- after: the id of the last product of the page before; null for the first page.
- page_size: at most so many products, from 1 to 200.

Returns rows of the view products.

Errors: invalid_input 400.';

grant execute on function
public.products_in_category(public.identifier, public.identifier, public.whole_number)
to anon, authenticated, service_role;
