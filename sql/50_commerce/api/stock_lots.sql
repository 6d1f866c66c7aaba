-- Lots, and who bought of them.

create view public.stock_lots
with (security_invoker = true)
as
select
    stock_lots.id,
    stock_lots.business_id,
    stock_lots.store_id,
    stock_lots.variant_id,
    stock_lots.code,
    stock_lots.expires_on,
    stock_lots.on_hand,
    stock_lots.recalled_at,
    stock_lots.created_at
from commerce.stock_lots;
grant select on public.stock_lots to authenticated, service_role;

comment on view public.stock_lots is
'Pieces of a variant in a store that were received together and expire together. Members of the '
'business read it; adjust_stock with a lot_code writes it.';
comment on column public.stock_lots.id is 'Key.';
comment on column public.stock_lots.business_id is 'The business.';
comment on column public.stock_lots.store_id is 'The store.';
comment on column public.stock_lots.variant_id is 'The variant.';
comment on column public.stock_lots.code is 'What is printed on the pieces.';
comment on column public.stock_lots.expires_on is
'The last day on which it is sold, in the business''s zone; null for never.';
comment on column public.stock_lots.on_hand is 'How many pieces are left of it.';
comment on column public.stock_lots.recalled_at is
'Since when it is not sold any more; null unless it was recalled.';
comment on column public.stock_lots.created_at is 'When it first came into the store.';

create view public.lot_sales
with (security_invoker = true)
as
select
    stock_lots.business_id,
    stock_lots.id as lot_id,
    stock_lots.variant_id,
    stock_lots.code,
    orders.id as order_id,
    orders.reference,
    orders.customer_id,
    stock_movements.at,
    -stock_lot_movements.quantity as quantity
from commerce.stock_lot_movements
inner join commerce.stock_lots
    on
        stock_lot_movements.business_id = stock_lots.business_id
        and stock_lot_movements.stock_lot_id = stock_lots.id
inner join commerce.stock_movements
    on
        stock_lot_movements.business_id = stock_movements.business_id
        and stock_lot_movements.stock_movement_id = stock_movements.id
inner join commerce.orders
    on
        stock_lot_movements.business_id = orders.business_id
        and stock_lot_movements.order_id = orders.id;
grant select on public.lot_sales to authenticated, service_role;

comment on view public.lot_sales is
'Who bought pieces of a lot. Members of the business read it, for example to recall the lot.';
comment on column public.lot_sales.business_id is 'The business.';
comment on column public.lot_sales.lot_id is 'The lot in the store from which the pieces went.';
comment on column public.lot_sales.variant_id is 'The variant.';
comment on column public.lot_sales.code is 'The code of the lot, the same in every store.';
comment on column public.lot_sales.order_id is 'The order.';
comment on column public.lot_sales.reference is 'The reference of the order.';
comment on column public.lot_sales.customer_id is
'Who ordered; null for a guest, and once the account is gone.';
comment on column public.lot_sales.at is 'When the pieces were taken for the order.';
comment on column public.lot_sales.quantity is 'How many pieces.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.recall_lot(lot_id public.identifier)
returns public.stock_lots
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(lot_id, 'lot_id');
    v_lot public.stock_lots;
begin
    perform commerce.recall_lot(v_id);
    select stock_lots.* into v_lot from public.stock_lots where stock_lots.id = v_id;
    return v_lot;
end;
$$;
comment on function public.recall_lot is
'Recall a lot: its pieces are not sold any more, in no store of the business. Owners and managers.

Returns the lot. lot_sales lists who bought of it.

- lot_id: the lot, in any of its stores.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

grant execute on function public.recall_lot(public.identifier)
to anon, authenticated, service_role;
