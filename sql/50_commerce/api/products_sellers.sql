-- Who sells a shared product now, and for how much.

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.sellers_of(
    shared_product_id public.identifier,
    currency text default null,
    page_size public.whole_number default '50'
)
returns table (
    business_id uuid,
    business_name text,
    product_id uuid,
    variant_id uuid,
    name text,
    sku text,
    price_minor bigint,
    currency_code text,
    state text
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(shared_product_id, 'shared_product_id');
    v_currency constant text = private.to_text(currency, 'currency', 3);
    v_page_size constant integer = private.to_whole_number(
        page_size, 'page_size', 1, 200, if_null => 50
    );
begin
    if not exists (select 1 from public.shared_products where shared_products.id = v_id) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such product.',
            'Check the id in the view shared_products.'
        );
    end if;
    return query
    select listed.*
    from commerce.sellers_of(v_id, v_currency) as listed
    limit v_page_size;
end;
$$;
comment on function public.sellers_of is
'Return the variants of open businesses that are listed as a shared product, those that can be had '
'first, then the cheapest.

Rows of business_id, business_name, product_id, variant_id, name (of the product), sku, price_minor '
'in currency_code by the catalog (quote says what a buyer pays), and state: in_stock, preorder, '
'backorder or out_of_stock, the best of its stores.

- shared_product_id: the shared product.
- currency: ISO 4217 code; only what is priced in it. By default all; prices in different '
'currencies are sorted by currency first.
- page_size: at most so many rows, from 1 to 200.

Errors: invalid_input 400, not_found 404.';

grant execute on function
commerce.sellers_of(uuid, text),
commerce.best_state(uuid),
public.sellers_of(public.identifier, text, public.whole_number)
to anon, authenticated, service_role;
