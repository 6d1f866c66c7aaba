-- Stock as members read it.

create view public.inventory_levels
with (security_invoker = true)
as
select
    stock_levels.business_id,
    stock_levels.store_id,
    stock_levels.variant_id,
    stock_levels.on_hand,
    commerce.reserved_quantity(stock_levels.*) as reserved,
    greatest(commerce.free_quantity(stock_levels.*, true), 0) as available,
    stock_levels.backorder_limit,
    stock_levels.alert_threshold,
    stock_levels.is_low,
    stock_levels.counted_at,
    stock_levels.preorder_limit,
    stock_levels.preorder_until,
    stock_levels.expected_on
from commerce.stock_levels;
grant select on public.inventory_levels to authenticated, service_role;

comment on view public.inventory_levels is
'How many pieces of a variant each store has. Members of the business read it; adjust_stock, '
'count_stock and transfer_stock change it.';
comment on column public.inventory_levels.business_id is 'The business.';
comment on column public.inventory_levels.store_id is 'The store.';
comment on column public.inventory_levels.variant_id is 'The variant.';
comment on column public.inventory_levels.on_hand is
'How many there are: the sum of stock_movements. Below zero only within backorder_limit.';
comment on column public.inventory_levels.reserved is
'How many are reserved now; expired reservations do not count.';
comment on column public.inventory_levels.available is
'How many can be ordered now: on_hand, and what may be ordered before it comes, less reserved and '
'less expired and recalled lots.';
comment on column public.inventory_levels.backorder_limit is
'How many more than there are may be sold.';
comment on column public.inventory_levels.alert_threshold is
'When no more than these are left, one alert is sent; null for never.';
comment on column public.inventory_levels.is_low is 'Whether the threshold is reached.';
comment on column public.inventory_levels.counted_at is 'When it was last counted; null for never.';
comment on column public.inventory_levels.preorder_limit is
'How many more may be ordered until preorder_until, before they come for the first time.';
comment on column public.inventory_levels.preorder_until is
'Until when pre-orders are taken; null for none.';
comment on column public.inventory_levels.expected_on is
'When missing pieces are expected, as customers see it; null where nobody said.';

create view public.stock_movements
with (security_invoker = true)
as
select
    stock_movements.id,
    stock_movements.business_id,
    stock_movements.store_id,
    stock_movements.variant_id,
    stock_movements.quantity,
    stock_movements.reason,
    stock_movements.transfer_id,
    stock_movements.note,
    stock_movements.actor_id,
    stock_movements.at,
    stock_movements.unit_cost_minor,
    stock_movements.lot_code,
    stock_movements.expires_on
from commerce.stock_movements;
grant select on public.stock_movements to authenticated, service_role;

comment on view public.stock_movements is
'Every change of stock, with its reason. Members of the business read it; movements never change.';
comment on column public.stock_movements.id is 'Primary key.';
comment on column public.stock_movements.business_id is 'The business.';
comment on column public.stock_movements.store_id is 'The store.';
comment on column public.stock_movements.variant_id is 'The variant.';
comment on column public.stock_movements.quantity is 'Pieces that came in; negative for out.';
comment on column public.stock_movements.reason is
'received, returned, found, damaged, lost, corrected, counted, transferred, sold (an order took '
'them) or cancelled (an order gave them back).';
comment on column public.stock_movements.transfer_id is
'The transfer that it is part of; null for another reason.';
comment on column public.stock_movements.note is 'What the member wrote, at most 500 characters.';
comment on column public.stock_movements.actor_id is
'Who did it; null for the operator''s software and for deleted accounts.';
comment on column public.stock_movements.at is 'When.';
comment on column public.stock_movements.unit_cost_minor is
'What one received piece cost, in minor units of the product''s currency; null where nobody said.';
comment on column public.stock_movements.lot_code is 'The lot that was named; null for none.';
comment on column public.stock_movements.expires_on is 'The last day of that lot; null for none.';

create view public.stock_transfers
with (security_invoker = true)
as
select
    stock_transfers.id,
    stock_transfers.business_id,
    stock_transfers.from_store_id,
    stock_transfers.to_store_id,
    stock_transfers.note,
    stock_transfers.actor_id,
    stock_transfers.at
from commerce.stock_transfers;
grant select on public.stock_transfers to authenticated, service_role;

comment on view public.stock_transfers is
'Pieces that went from one store to another. Members of the business read it; what moved is in '
'stock_movements.';
comment on column public.stock_transfers.id is 'Primary key.';
comment on column public.stock_transfers.business_id is 'The business.';
comment on column public.stock_transfers.from_store_id is 'The store that has fewer now.';
comment on column public.stock_transfers.to_store_id is 'The store that has more now.';
comment on column public.stock_transfers.note is 'What the member wrote, at most 500 characters.';
comment on column public.stock_transfers.actor_id is
'Who did it; null for the operator''s software and for deleted accounts.';
comment on column public.stock_transfers.at is 'When.';

create view public.stock_reservations
with (security_invoker = true)
as
select
    stock_reservations.business_id,
    stock_reservations.reservation_id,
    stock_reservations.store_id,
    stock_reservations.variant_id,
    stock_reservations.quantity,
    stock_reservations.expires_at
from commerce.stock_reservations
where stock_reservations.expires_at > private.now();
grant select on public.stock_reservations to authenticated, service_role;

comment on view public.stock_reservations is
'Pieces that are kept for somebody now. Members of the business read it; reserve_stock and '
'release_stock write it.';
comment on column public.stock_reservations.business_id is 'The business.';
comment on column public.stock_reservations.reservation_id is
'The reservation; it has a row for each variant.';
comment on column public.stock_reservations.store_id is 'The store.';
comment on column public.stock_reservations.variant_id is 'The variant.';
comment on column public.stock_reservations.quantity is 'How many pieces.';
comment on column public.stock_reservations.expires_at is 'The pieces are free from then on.';

create view public.stock_costs
with (security_invoker = true)
as
select
    stock_levels.business_id,
    stock_levels.variant_id,
    sum(stock_levels.on_hand) as on_hand,
    moved.received_quantity,
    moved.average_cost_minor,
    moved.sold_quantity,
    moved.average_cost_minor * moved.sold_quantity as sold_cost_minor,
    (moved.average_cost_minor * greatest(sum(stock_levels.on_hand), 0))::bigint as value_minor
from commerce.stock_levels
cross join
    lateral (
        select
            coalesce(
                sum(stock_movements.quantity) filter (where stock_movements.reason = 'received'), 0
            ) as received_quantity,
            round(
                sum(stock_movements.quantity * stock_movements.unit_cost_minor)
                / nullif(
                    sum(stock_movements.quantity)
                    filter (where stock_movements.unit_cost_minor is not null),
                    0
                )
            )::bigint as average_cost_minor,
            coalesce(
                -sum(stock_movements.quantity)
                filter (where stock_movements.reason in ('sold', 'cancelled')),
                0
            ) as sold_quantity
        from commerce.stock_movements
        where
            stock_movements.business_id = stock_levels.business_id
            and stock_movements.variant_id = stock_levels.variant_id
    ) as moved
group by
    stock_levels.business_id, stock_levels.variant_id, moved.received_quantity,
    moved.average_cost_minor, moved.sold_quantity;
grant select on public.stock_costs to authenticated, service_role;

comment on view public.stock_costs is
'What the pieces of each variant cost on average, and what is there and was sold of them at that '
'cost. Members of the business read it.';
comment on column public.stock_costs.business_id is 'The business.';
comment on column public.stock_costs.variant_id is 'The variant.';
comment on column public.stock_costs.on_hand is 'How many there are in all stores.';
comment on column public.stock_costs.received_quantity is 'How many were received.';
comment on column public.stock_costs.average_cost_minor is
'What one of those cost on average whose cost is known, in minor units of the product''s currency; '
'null where none is.';
comment on column public.stock_costs.sold_quantity is
'How many were sold, less those of cancelled orders.';
comment on column public.stock_costs.sold_cost_minor is 'What the sold ones cost.';
comment on column public.stock_costs.value_minor is 'What those cost that are there.';
