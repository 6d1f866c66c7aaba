-- Everyone may ask for a price; the lines come from functions that read the catalog.

grant execute on function
pricing.make_line(
    text, text, integer, bigint, text, jsonb, uuid, uuid[], bigint[], timestamptz, uuid
),
pricing.make_terms(text, integer, text, uuid, text, bigint),
pricing.to_terms(text, text, text, text, text, text),
pricing.for_buyer(pricing.context, uuid, uuid, text),
pricing.quote(pricing.line[], pricing.context),
pricing.business_of_promotion(uuid),
pricing.create_coupons(uuid, integer, text),
pricing.new_code(),
pricing.share_promotion(uuid, integer)
to anon, authenticated, service_role;
