-- Suggestions while somebody types, for everybody.

/*
 * Errors:  PT400 invalid_input
 */
create function public.autocomplete(
    q text,
    kinds public.list default null,
    "limit" public.whole_number default '10',
    locale text default null
)
returns setof public.suggestion
language plpgsql
stable
security invoker
set search_path = ''
rows 10
as $$
begin
    return query
    select *
    from search.suggest(
        private.to_required_text(q, 'q', 200),
        kinds,
        private.wanted_locales(private.to_text(locale, 'locale', 500)),
        private.to_whole_number("limit", 'limit', 1, 20, if_null => 10)
    );
end;
$$;
grant execute on function public.autocomplete(text, public.list, public.whole_number, text)
to anon, authenticated, service_role;

comment on function public.autocomplete is
'Return names that somebody may be about to type, best first: {kind, id, business_id, name}.

First come names that begin with q, then names with a word that begins with it, then, if there are '
'none, names one typing error away. Each name comes once, of its best entry.

- q: what was typed so far, 1 to 200 characters.
- kinds: a JSON array of product, service and business; null is all three.
- limit: 1 to 20, 10 by default.
- locale: as of search.

Errors: invalid_input 400.';
