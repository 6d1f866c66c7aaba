-- What a market says to a buyer: the business's own currency and language where no market does.

/*
 * Return what a business offers in a place: {market_id, name, region, currency, locale,
 * payment_providers, delivery_options}.
 *
 * Definer: providers are not everybody's to read.
 *
 * Errors:  PT404 not_found
 */
create function private.shown_market(business_id uuid, region text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_market constant commerce.markets = commerce.market_of(business_id, region);
    v_business business.businesses;
    v_currency text;
begin
    select businesses.* into v_business
    from business.businesses
    where
        businesses.id = shown_market.business_id and business.is_open(shown_market.business_id);
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such business.',
            'Check the id in the view businesses.'
        );
    end if;
    v_currency = coalesce(v_market.currency, v_business.currency);
    return jsonb_build_object(
        'market_id', v_market.id,
        'name', v_market.name,
        'region', region,
        'currency', v_currency,
        'locale', coalesce(v_market.locale, v_business.locale),
        'payment_providers', array(
            select money.offered_providers(array[v_business.id], v_currency, null)
        ),
        'delivery_options', private.options_in(v_business.id, region, v_currency)
    );
end;
$$;

/*
 * Return the delivery options of a business for a place and a currency, whatever is delivered.
 */
create function private.options_in(business_id uuid, region text, currency text)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_parcel commerce.parcel;
begin
    v_parcel.business_id = options_in.business_id;
    v_parcel.region = options_in.region;
    v_parcel.currency = options_in.currency;
    return (
        select
            coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'id', possible.id,
                        'name', possible.name,
                        'kind', possible.kind,
                        'store_id', possible.store_id,
                        'price_minor', possible.price_minor,
                        'free_from_minor', possible.free_from_minor
                    )
                    order by possible.position, possible.price_minor, possible.id
                ),
                '[]'
            )
        from commerce.options_for(v_parcel) as possible
    );
end;
$$;
