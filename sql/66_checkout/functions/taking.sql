-- What is settled with each business before anything is sold: the terms of a wholesale buyer, and
-- the pieces that its goods take out of stock.

/*
 * Return what some businesses sell, with whether their buyer pays later: a wholesale buyer with net
 * terms, who names no provider. An order that does not keep to the terms is refused.
 *
 * Errors:  PT409 credit_limit_exceeded order_limit_exceeded
 *          PT422 minimum_not_reached pack_size terms_not_agreed
 */
create function private.agree_terms(
    sellers private.seller_quote[], buyer_id uuid, form private.order_form
)
returns private.seller_quote[]
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_seller private.seller_quote;
    v_sellers private.seller_quote[] = '{}';
begin
    foreach v_seller in array sellers loop
        v_seller.pays_later = false;
        if buyer_id is not null and (v_seller.choice).kind is not null then
            v_seller.pays_later = (form.payment).provider is null
            and (commerce.wholesale_terms(v_seller.business_id, buyer_id)).pays_later;
            perform commerce.require_wholesale_terms(
                v_seller.business_id,
                buyer_id,
                array(
                    select (line.variant_id, (line.to_price).quantity)::commerce.stock_item
                    from unnest(v_seller.lines) as line
                    where line.variant_id is not null
                ),
                (v_seller.quotes[1] ->> 'total_minor')::bigint,
                v_seller.quotes[1] ->> 'currency',
                v_seller.pays_later
            );
        end if;
        v_sellers = v_sellers || v_seller;
    end loop;
    return v_sellers;
end;
$$;

/*
 * Take the goods of some businesses out of stock. Returns what they sell, with the stores from
 * which its goods come.
 *
 * Errors:  PT409 out_of_stock
 */
create function private.take_goods(sellers private.seller_quote[])
returns private.seller_quote[]
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_seller private.seller_quote;
    v_sellers private.seller_quote[] = '{}';
begin
    foreach v_seller in array sellers loop
        if (v_seller.choice).kind is not null then
            v_seller.parts = commerce.take_goods(
                v_seller.choice,
                array(
                    select line.variant_id
                    from unnest(v_seller.lines) with ordinality as line
                    where line.variant_id is not null
                    order by line.ordinality
                ),
                array(
                    select (line.to_price).quantity
                    from unnest(v_seller.lines) with ordinality as line
                    where line.variant_id is not null
                    order by line.ordinality
                )
            );
        end if;
        v_sellers = v_sellers || v_seller;
    end loop;
    return v_sellers;
end;
$$;
