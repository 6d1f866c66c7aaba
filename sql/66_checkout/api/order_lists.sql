-- Orders by list.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 not_for_sale
 *          PT422 limit_reached
 */
create function public.order_by_list(
    business_id public.identifier,
    list text,
    dry_run public.yes_no default null,
    store_id public.identifier default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if list is null then
        perform private.invalid('list', 'is required');
    end if;
    return private.order_by_list(
        private.to_identifier(business_id, 'business_id'),
        list,
        private.to_yes_no(dry_run, 'dry_run'),
        private.to_identifier(store_id, 'store_id', false)
    );
end;
$$;
comment on function public.order_by_list is
'Put a list of goods into the cart of the caller, if no line has a problem.

Returns {lines, problem_count, cart}. Each line has line, sku, quantity, variant_id, problem and '
'message: problem is null, not_found (unknown, or not for sale), invalid_input (the quantity), '
'pack_size or out_of_stock. Several lines of a SKU are added up. cart is what add_to_cart returns; '
'null where nothing was put into it.

- business_id: the business that sells.
- list: at most 500 lines: CSV with SKU and quantity, with or without a heading, or a JSON array of '
'{sku, quantity}.
- dry_run: true to check the list only.
- store_id: the store where it is picked up; by default the pieces of all stores count.

Errors: invalid_input 400, not_signed_in 401, not_found 404, not_for_sale 409, limit_reached 422.';

grant execute on function
public.order_by_list(public.identifier, text, public.yes_no, public.identifier)
to anon, authenticated, service_role;
