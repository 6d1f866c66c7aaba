-- Gift cards that are bought in a cart.

/*
 * Make the gift cards of a sale. They can be spent once it is paid. Returns [{id, code, …}];
 * nothing else keeps the codes.
 */
create function private.make_gift_cards(
    seller private.seller_quote, sale_id uuid, buyer_id uuid
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    if not exists (
        select 1 from unnest(seller.lines) as line where line.gift_card_minor is not null
    ) then
        return '[]';
    end if;
    return (
        select
            jsonb_agg(
                jsonb_build_object(
                    'id', made.gift_card_id,
                    'business_id', sale_lines.business_id,
                    'sale_id', sale_lines.sale_id,
                    'code', made.code,
                    'amount_minor', sale_lines.unit_minor,
                    'currency', seller.quotes[1] ->> 'currency'
                )
            )
        from sales.sale_lines
        cross join generate_series(1, sale_lines.quantity)
        cross join lateral money.make_gift_card(
            sale_lines.business_id, sale_lines.id, seller.quotes[1] ->> 'currency',
            sale_lines.unit_minor, make_gift_cards.buyer_id, null
        ) as made
        where
            sale_lines.business_id = seller.business_id
            and sale_lines.sale_id = make_gift_cards.sale_id
            and sale_lines.kind = 'gift_card'
    );
end;
$$;
