-- What a buyer's country says, before anything is in a cart.

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.market_of(business_id public.identifier, region text)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_region constant text = private.to_required_text(region, 'region', 6);
begin
    if not business.is_region(v_region) then
        perform private.invalid('region', 'must be an ISO 3166 code, such as DE or DE-BY');
    end if;
    return private.shown_market(
        private.to_identifier(business_id, 'business_id'), v_region
    );
end;
$$;
comment on function public.market_of is
'Return what a business offers to buyers in a place: {market_id, name, region, currency, locale, '
'payment_providers, delivery_options: [{id, name, kind, store_id, price_minor, '
'free_from_minor}]}.

The market is the one that names the place most precisely, or else the one for all other places. '
'Where the business has none, market_id and name are null, and currency and language are those of '
'the business. quote, add_to_cart and checkout take the currency of the market by default.

- business_id: the business.
- region: ISO 3166 code of the buyer''s country or its part, such as CH or DE-BY.

Errors: invalid_input 400, not_found 404.';

grant execute on function
private.shown_market(uuid, text),
public.market_of(public.identifier, text)
to anon, authenticated, service_role;
