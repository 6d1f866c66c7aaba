-- The search for products, services and businesses in one call, for everybody.

/*
 * Errors:  PT400 invalid_input
 */
create function public.search(
    q text default null,
    kinds public.list default null,
    filters public.object default null,
    sort text default null,
    "limit" public.whole_number default '20',
    cursor text default null,
    facets public.yes_no default 'false',
    explain public.yes_no default 'false',
    locale text default null,
    meaning public.object default null
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return search.find(
        q, kinds, filters, sort, "limit", cursor, facets, explain,
        private.wanted_locales(private.to_text(locale, 'locale', 500)),
        meaning
    );
end;
$$;
grant execute on function public.search(
    text, public.list, public.object, text, public.whole_number, text, public.yes_no,
    public.yes_no, text, public.object
) to anon, authenticated, service_role;

comment on function public.search is
'Find products, services and businesses by words and filters: {results, facets, next_cursor}.

results are {kind, id, business_id, name, currency, lowest_price_minor, highest_price_minor, '
'score, highlights}. highlights has name and description in pieces {text, is_match}. facets is '
'null unless asked for: {count, is_complete, kinds, categories, brands, verticals, prices, '
'attributes}, where each list counts the results of each value without its own filter. If more '
'than 5,000 match, 5,000 are counted and is_complete is false. By relevance, a query that more '
'than 500 match returns the 500 of the highest standing and 100 whose names begin with q.

- q: at most 200 characters and 20 words. All words must occur, in any order and without accents; '
'the last one may be unfinished. If nothing contains them, words one typing error away count too. '
'Null finds everything.
- kinds: a JSON array of product, service and business; null is all three.
- filters: an object, of which all must hold. business_id; vertical: a row of verticals; categories '
'and brands: arrays of slugs, of which one is had; currency, min_price_minor, max_price_minor; '
'in_stock: whether a product can be had now; min_rating: 1 to 5; near and radius_km: as '
'search_availability; attributes: as list_products. An attribute that no product has is refused.
- sort: relevance, price or price_descending (both need filters.currency), newest, rating, popular '
'or distance (needs filters.near).
- limit: 1 to 50, 20 by default.
- cursor: next_cursor of the page before; null there means that no page follows.
- facets: true for facets; they need q or filters.business_id.
- explain: true for the parts of each score.
- locale: as of product_page, for names and descriptions.
- meaning: what q means, {"model": …, "vector": […]}, as /functions/v1/search adds it; it finds what '
'means something similar too. It is ignored while the flag search_by_meaning is off.

Errors: invalid_input 400.';
