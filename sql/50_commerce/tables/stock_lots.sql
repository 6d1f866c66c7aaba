-- Lots: pieces of a variant that were received together and expire together. Whatever leaves a
-- store is taken from the lot that expires first. Pieces that came without a lot are the rest: a
-- level is the sum of its lots and that rest, which is below zero by what was sold and has not
-- come.

create table commerce.stock_lots (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    store_id uuid not null,
    variant_id uuid not null,
    -- What is printed on the pieces. The same lot may lie in several stores.
    code text not null,
    -- The last day on which it is sold, in the business's zone; null: it does not expire.
    expires_on date,
    on_hand integer not null default 0,
    -- Since when its pieces are not sold any more, because something is wrong with them.
    recalled_at timestamptz,
    created_at timestamptz not null,

    constraint stock_lots_business_id_id_unique unique (business_id, id),
    constraint stock_lots_code_unique unique (business_id, store_id, variant_id, code),
    constraint stock_lots_level_fkey foreign key (business_id, store_id, variant_id)
    references commerce.stock_levels (business_id, store_id, variant_id) on delete cascade,
    constraint stock_lots_on_hand_not_negative check (on_hand >= 0)
);
comment on table commerce.stock_lots is
'Pieces of a variant in a store that were received together and expire together.';
-- A lot wherever it lies.
create index stock_lots_variant_idx on commerce.stock_lots (business_id, variant_id, code);

create table commerce.stock_lot_movements (
    business_id uuid not null,
    stock_movement_id uuid not null,
    stock_lot_id uuid not null,
    -- What came into the lot; negative for what went out.
    quantity integer not null,
    -- The order that took the pieces.
    order_id uuid,
    -- An order is placed in the transaction that takes its pieces.
    transaction_id xid8 not null default pg_current_xact_id(),

    primary key (business_id, stock_movement_id, stock_lot_id),
    constraint stock_lot_movements_movement_fkey foreign key (business_id, stock_movement_id)
    references commerce.stock_movements (business_id, id) on delete cascade,
    constraint stock_lot_movements_lot_fkey foreign key (business_id, stock_lot_id)
    references commerce.stock_lots (business_id, id) on delete cascade,
    constraint stock_lot_movements_order_fkey foreign key (business_id, order_id)
    references commerce.orders (business_id, id) on delete cascade,
    constraint stock_lot_movements_move_something check (quantity <> 0)
);
comment on table commerce.stock_lot_movements is
'Which pieces of a movement came into or went out of which lot.';
comment on column commerce.stock_lot_movements.order_id is '[person]';
create index stock_lot_movements_lot_idx
on commerce.stock_lot_movements (business_id, stock_lot_id);
create index stock_lot_movements_order_idx on commerce.stock_lot_movements (business_id, order_id)
where order_id is not null;
-- What the orders of this transaction took.
create index stock_lot_movements_transaction_idx
on commerce.stock_lot_movements (transaction_id) where order_id is null and quantity < 0;
