-- Many products in one call.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_exists approval_required in_use
 */
create function public.bulk_upsert_products(
    business_id public.identifier, rows public.list, mode text default 'all_or_nothing'
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_mode constant text = coalesce(mode, 'all_or_nothing');
begin
    if v_mode not in ('all_or_nothing', 'report') then
        perform private.invalid('mode', 'must be all_or_nothing or report');
    end if;
    return commerce.bulk_upsert_products(
        private.to_identifier(business_id, 'business_id'),
        private.to_objects(
            rows, 'rows', 10000,
            '{product,name,description,category,brand,currency,tax_class,is_published,attributes,'
            'sku,options,price_minor,barcode,weight_grams,is_active,alert_threshold}'
        ),
        v_mode
    );
end;
$$;
comment on function public.bulk_upsert_products is
'Add and change many products with their variants. For owners and managers.

- business_id: the business.
- rows: an array of at most 10000 objects, each a variant. product is the slug of its product, and '
'sku its own; rows of one product share name, description, category and brand (slugs), currency, '
'tax_class, is_published and attributes, and the last row that sends one of these decides. options '
'is an object such as {"Size": "M"}: options and values that the product lacks are added to it. '
'price_minor, barcode, weight_grams and is_active belong to the variant; alert_threshold is set in '
'every store. A row without sku changes only the product. What is left out stays as it is.
- mode: all_or_nothing refuses the call when a row is refused, in the words of the first such row, '
'and changes nothing; report changes what it can.

Returns {created, updated, unchanged, refused, rows}: how many rows there are of each outcome, and '
'for each row {row, product, sku, product_id, variant_id, outcome, token, message}.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, already_exists 409, '
'approval_required 409, in_use 409.';

grant execute on function public.bulk_upsert_products(public.identifier, public.list, text)
to anon, authenticated, service_role;
