-- What lies where. A level says how many pieces of a variant a store has; it is the sum of its
-- movements, which are only ever added. A level goes below zero only as far as back-orders are
-- allowed. A reservation keeps pieces for somebody until a moment; from then on they are free,
-- whether or not anybody has deleted the row.

create table commerce.stock_levels (
    business_id uuid not null,
    store_id uuid not null,
    variant_id uuid not null,
    on_hand integer not null default 0,
    -- How many more than there are may be sold.
    backorder_limit integer not null default 0,
    -- An alert is sent once when no more than these are left; null: never.
    alert_threshold integer,
    -- Whether the alert was sent; a level that recovers can alert again.
    is_low boolean not null default false,
    counted_at timestamptz,
    -- How many may be ordered, until a moment, before they come for the first time.
    preorder_limit integer not null default 0,
    preorder_until timestamptz,
    -- When missing pieces are expected.
    expected_on date,
    -- Whether some of its pieces are, or were, in lots.
    has_lots boolean not null default false,

    primary key (business_id, store_id, variant_id),
    constraint stock_levels_store_fkey foreign key (business_id, store_id)
    references business.stores (business_id, id) on delete cascade,
    constraint stock_levels_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete cascade,
    constraint stock_levels_not_below_backorders check (
        on_hand >= -backorder_limit - preorder_limit
    ),
    constraint stock_levels_preorders_end check (
        preorder_limit between 0 and 1000000 and (preorder_limit = 0) = (preorder_until is null)
        or private.invalid('preorder_limit and preorder_until', 'must be set together')
    ),
    constraint stock_levels_backorder_limit_is_sane check (
        backorder_limit between 0 and 1000000
    ),
    constraint stock_levels_alert_threshold_is_sane check (
        alert_threshold between 0 and 1000000
    )
);
comment on table commerce.stock_levels is
'How many pieces of a variant a store has: the sum of the movements.';
-- Where a variant is.
create index stock_levels_variant_idx on commerce.stock_levels (business_id, variant_id);

create table commerce.stock_transfers (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    from_store_id uuid not null,
    to_store_id uuid not null,
    note text,
    actor_id uuid references auth.users (id) on delete set null,
    at timestamptz not null,

    constraint stock_transfers_business_id_id_unique unique (business_id, id),
    constraint stock_transfers_from_fkey foreign key (business_id, from_store_id)
    references business.stores (business_id, id) on delete restrict,
    constraint stock_transfers_to_fkey foreign key (business_id, to_store_id)
    references business.stores (business_id, id) on delete restrict,
    constraint stock_transfers_between_two_stores check (from_store_id <> to_store_id)
);
comment on table commerce.stock_transfers is 'Pieces that went from one store to another.';
comment on column commerce.stock_transfers.actor_id is '[person]';
comment on column commerce.stock_transfers.note is '[personal]';
create index stock_transfers_from_idx on commerce.stock_transfers (business_id, from_store_id);
create index stock_transfers_to_idx on commerce.stock_transfers (business_id, to_store_id);
create index stock_transfers_actor_id_idx on commerce.stock_transfers (actor_id);

create table commerce.stock_movements (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    store_id uuid not null,
    variant_id uuid not null,
    -- What came in; negative for what went out.
    quantity integer not null,
    reason commerce.movement_reason not null,
    transfer_id uuid,
    note text,
    actor_id uuid references auth.users (id) on delete set null,
    at timestamptz not null,
    -- What one piece cost that was received, in the currency of the product; null: nobody said.
    unit_cost_minor bigint,
    -- The lot that is named: of what is received, or from which it is taken.
    lot_code text,
    expires_on date,

    constraint stock_movements_business_id_id_unique unique (business_id, id),
    constraint stock_movements_level_fkey foreign key (business_id, store_id, variant_id)
    references commerce.stock_levels (business_id, store_id, variant_id) on delete restrict,
    constraint stock_movements_transfer_fkey foreign key (business_id, transfer_id)
    references commerce.stock_transfers (business_id, id) on delete restrict,
    constraint stock_movements_move_something check (quantity <> 0),
    constraint stock_movements_direction_fits_reason check (
        case
            when reason in ('received', 'returned', 'found', 'cancelled') then quantity > 0
            when reason in ('damaged', 'lost', 'sold') then quantity < 0
            else true
        end
    ),
    constraint stock_movements_receipts_cost check (
        unit_cost_minor is null
        or reason = 'received' and unit_cost_minor between 0 and 1000000000000
    ),
    constraint stock_movements_lots_expire check (expires_on is null or lot_code is not null),
    constraint stock_movements_transfers_are_named check (
        (reason = 'transferred') = (transfer_id is not null)
    )
);
comment on table commerce.stock_movements is
'Every change of a level, with its reason. Movements are only added.';
comment on column commerce.stock_movements.actor_id is '[person]';
comment on column commerce.stock_movements.note is '[personal]';
-- The history of a level, the newest first.
create index stock_movements_level_idx
on commerce.stock_movements (business_id, store_id, variant_id, at);
create index stock_movements_transfer_idx on commerce.stock_movements (business_id, transfer_id);
create index stock_movements_actor_id_idx on commerce.stock_movements (actor_id);

create table commerce.stock_reservations (
    business_id uuid not null,
    -- A reservation has a row for each variant.
    reservation_id uuid not null,
    store_id uuid not null,
    variant_id uuid not null,
    quantity integer not null,
    expires_at timestamptz not null,

    primary key (business_id, reservation_id, store_id, variant_id),
    constraint stock_reservations_level_fkey foreign key (business_id, store_id, variant_id)
    references commerce.stock_levels (business_id, store_id, variant_id) on delete cascade,
    constraint stock_reservations_quantity_is_positive check (quantity > 0)
);
comment on table commerce.stock_reservations is
'Pieces that are kept for somebody until a moment.';
-- What is reserved of a level.
create index stock_reservations_level_idx
on commerce.stock_reservations (business_id, store_id, variant_id, expires_at);
