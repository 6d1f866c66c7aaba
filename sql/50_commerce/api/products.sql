-- What a shop sells, filtered, ordered and page by page.

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.list_products(
    business_id public.identifier,
    filters public.object default null,
    sort text default null,
    after public.identifier default null,
    page_size public.whole_number default '50',
    locale text default null
)
returns setof public.products
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_business_id constant uuid = private.to_identifier(business_id, 'business_id');
    v_criteria constant commerce.product_criteria = commerce.paged(
        commerce.to_product_criteria(
            v_business_id,
            private.to_object(
                filters, 'filters',
                '{category_id,brand_ids,currency,min_price_minor,max_price_minor,in_stock,store_id,'
                'attributes}'
            )
        ),
        sort,
        private.to_identifier(after, 'after', false),
        private.to_whole_number(page_size, 'page_size', 1, 200, if_null => 50)
    );
    v_wanted constant text[] = private.wanted_locales(private.to_text(locale, 'locale', 500));
begin
    if not exists (select 1 from business.businesses where businesses.id = v_business_id) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such business.',
            'Check the id in the view businesses.'
        );
    end if;
    return query
    select translated.*
    from commerce.find_products(v_criteria) with ordinality as found (id, position)
    inner join public.products on products.id = found.id
    cross join lateral commerce.translated(products, v_wanted) as translated
    order by found.position;
end;
$$;
comment on function public.list_products is
'List the published products of a business that fit some filters, in an order, page by page.

- business_id: the business.
- filters: an object. category_id: of this category or one below it. brand_ids: an array; of one of '
'these brands. min_price_minor, max_price_minor: with a price between them, in currency (that of '
'the business if left out). in_stock: true for what can be had now, in store_id if it is sent. '
'attributes: an object with a value for each attribute, such as {"colour": "red"}; an array of '
'values of which a product has one; or {"min": 10, "max": 20} for numbers and dates.
- sort: name, price (the lowest of each product, in currency), price_descending or newest.
- after: the id of the last product of the page before; null for the first page.
- page_size: at most so many products, from 1 to 200.
- locale: as of product_page; name and description are in the language that suits best, and the '
'order by name is that of the business''s language.

Returns rows of the view products. Sorted or filtered by price, products without a price in the '
'currency are left out.

Errors: invalid_input 400, not_found 404.';

grant execute on function public.list_products(
    public.identifier, public.object, text, public.identifier, public.whole_number, text
) to anon, authenticated, service_role;
