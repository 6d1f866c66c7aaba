-- Recommendations, for everybody.

/*
 * Errors:  PT400 invalid_input
 */
create function public.recommend(
    kind text, "for" public.identifier default null, "limit" public.whole_number default '10'
)
returns setof public.recommendation
language plpgsql
stable
security invoker
set search_path = ''
rows 10
as $$
declare
    v_for_id constant uuid = private.to_identifier("for", 'for', false);
begin
    if kind <> all('{bought_together,similar,again,personal,popular,trending}'::text[])
        or kind is null then
        perform private.invalid(
            'kind', 'must be bought_together, similar, again, personal, popular or trending'
        );
    elsif kind in ('bought_together', 'similar') and v_for_id is null then
        perform private.invalid('for', 'is required for what is bought together and what is similar');
    end if;
    return query
    select *
    from search.recommend(
        kind, v_for_id, private.to_whole_number("limit", 'limit', 1, 50, if_null => 10)
    );
end;
$$;
grant execute on function public.recommend(text, public.identifier, public.whole_number)
to anon, authenticated, service_role;

comment on function public.recommend is
'Recommend products and services, best first.

Never what the caller may not see, what is out of stock, what belongs to a business that is not '
'open, and, but for again, what the caller bought and kept.

- kind: bought_together, with the product in for; similar, to the product or the service in for; '
'again, what the caller had before; personal, what goes with it and then what is popular; popular '
'and trending, what sold most in the last search.settings.popular_days (90) and trending_days (14).
- for: a product or a service.
- limit: 1 to 50, 10 by default.

Returns rows with kind, id, business_id, name, currency, lowest_price_minor, reason, strength. '
'Sales are counted every hour; what was cancelled, returned or refunded is not counted. If a '
'business asks for consent to the purpose recommendations, personal uses what was bought there '
'only after a yes.

Errors: invalid_input 400.';
