-- The schema of commerce and the types that several of its files share. The files of this folder
-- load alphabetically, so this one comes first.

create schema commerce;
comment on schema commerce is
'Stock, carts, orders, shipments, returns and wholesale.';

-- Why a level changed: sold when an order takes pieces, cancelled when an order that was not sent
-- gives them back, returned when they come back after they were sent.
create type commerce.movement_reason as enum (
    'received', 'returned', 'found', 'damaged', 'lost', 'corrected', 'counted', 'transferred',
    'sold', 'cancelled'
);

-- Some pieces of a variant.
create type commerce.stock_item as (variant_id uuid, quantity integer);

-- Some pieces of a variant that come into a store, or leave it (less than 0).
create type commerce.stock_move as (store_id uuid, variant_id uuid, quantity integer);

-- What is known of pieces beside their number: what one cost, and of which lot they are.
create type commerce.stock_origin as (unit_cost_minor bigint, lot_code text, expires_on date);

create type commerce.delivery_kind as enum ('pickup', 'delivery');
