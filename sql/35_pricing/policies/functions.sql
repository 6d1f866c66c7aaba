-- Everyone may ask for a price; the lines come from functions that read the catalog.

grant execute on function
pricing.make_line(
    text, text, integer, bigint, text, jsonb, uuid, uuid[], timestamptz, uuid
),
pricing.make_terms(text, integer, text, uuid, text, bigint),
pricing.for_buyer(pricing.context, uuid, uuid, text),
pricing.quote(pricing.line[], pricing.context),
pricing.list_lines(pricing.line[]),
pricing.add_taxes(jsonb, pricing.context)
to anon, authenticated, service_role;
