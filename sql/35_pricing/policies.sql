-- Everyone may ask for a price; the lines come from functions that read the catalog.

grant execute on function
pricing.make_line(text, text, integer, bigint, text, jsonb),
pricing.quote(pricing.line[], text, integer)
to anon, authenticated, service_role;
