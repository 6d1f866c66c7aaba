-- Everyone lists products; owners and managers change many at once. The functions of the API call
-- these as the caller.

grant execute on function
commerce.to_product_criteria(uuid, jsonb),
commerce.paged(commerce.product_criteria, text, uuid, integer),
commerce.find_products(commerce.product_criteria),
commerce.translated(public.products, text[]),
commerce.bulk_upsert_products(uuid, jsonb[], text)
to anon, authenticated, service_role;
