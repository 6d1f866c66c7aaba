-- The attributes of products: what there is, and what holds in a category.

create view public.product_attributes
with (security_invoker = true)
as
select
    product_attributes.id,
    product_attributes.business_id,
    product_attributes.category_id,
    product_attributes.key,
    product_attributes.name,
    product_attributes.kind,
    product_attributes.unit,
    product_attributes.choices,
    product_attributes.is_required,
    product_attributes.position,
    product_attributes.created_at
from catalog.product_attributes;
grant select on public.product_attributes to anon;
grant select, insert, update, delete on public.product_attributes to authenticated, service_role;

comment on view public.product_attributes is
'What a business says about its products, with the type of each value.

An attribute holds for the products of its category and of all categories below it; of two with the '
'same key, the one nearer to the product''s category holds. Readable by everyone who can see the '
'business; written by owners and managers. An attribute or a choice that a product has a value of '
'cannot be taken away (409 in_use).';
comment on column public.product_attributes.id is 'Primary key.';
comment on column public.product_attributes.business_id is 'The business that owns it.';
comment on column public.product_attributes.category_id is
'For the products of which category; null: for all of the business.';
comment on column public.product_attributes.key is
'Key in products.attributes, unique in the category: a to z, 0 to 9 and _, at most 50 characters.';
comment on column public.product_attributes.name is 'At most 100 characters.';
comment on column public.product_attributes.kind is
'text (at most 500 characters), number, yes_no (true or false), choice (one of choices) or date '
'(2031-03-30).';
comment on column public.product_attributes.unit is
'In which a number is measured, such as cm: at most 20 characters, or null.';
comment on column public.product_attributes.choices is
'The choices: 1 to 100 different texts of at most 40 characters, only for choice.';
comment on column public.product_attributes.is_required is
'Whether a published product must have a value.';
comment on column public.product_attributes.position is 'Order of display, ascending.';
comment on column public.product_attributes.created_at is 'When it was created.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found · PT422 too_many_rows
 */
create function public.category_attributes(
    business_id public.identifier, category_id public.identifier default null
)
returns setof public.product_attributes
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_business_id constant uuid = private.to_identifier(business_id, 'business_id');
    v_category_id constant uuid = private.to_identifier(category_id, 'category_id', false);
    v_count integer;
begin
    if not exists (select 1 from business.businesses where businesses.id = v_business_id) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such business.',
            'Check the id in the view businesses.'
        );
    end if;
    return query
    select product_attributes.*
    from catalog.attributes_in_category(v_business_id, v_category_id) as held
    inner join public.product_attributes on product_attributes.id = held.id
    order by product_attributes.position, product_attributes.key;
    get diagnostics v_count = row_count;
    perform private.require_page(v_count, 'Read the view product_attributes page by page.');
end;
$$;
comment on function public.category_attributes is
'List the attributes that hold for the products of a category: its own, those of the categories '
'above it, and those of the whole business.

- business_id: the business.
- category_id: the category; null for products without one.

Returns rows of the view product_attributes in the order of display.

Errors: invalid_input 400, not_found 404, too_many_rows 422.';

grant execute on function public.category_attributes(public.identifier, public.identifier)
to anon, authenticated, service_role;
