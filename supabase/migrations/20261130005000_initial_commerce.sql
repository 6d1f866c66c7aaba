-- The initial schema of 50_commerce: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/50_commerce/tables/base.sql

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

create type commerce.delivery_kind as enum ('pickup', 'delivery');

-- sql/50_commerce/tables/orders.sql

-- Orders: the goods of a sale on their way to whoever bought them. What is owed and paid is the
-- sale's; an order says where its pieces go, how far they have come, and who did what when. Name,
-- SKU and quantity of an item never change: pieces are counted as shipped, delivered, returned or
-- cancelled beside them.

create type commerce.order_status as enum (
    'pending', 'paid', 'fulfilling', 'shipped', 'delivered', 'completed', 'cancelled', 'expired',
    'returned'
);

-- What the timeline of an order tells: a step to a status, or something that happened in one.
create type commerce.order_event as enum (
    'placed', 'paid', 'fulfilling', 'shipped', 'delivered', 'completed', 'cancelled', 'expired',
    'returned'
);

-- What has to be so before a step is taken, and the moment at which an order takes one by itself.
create type commerce.order_guard as enum ('paid');
create type commerce.order_moment as enum ('expires_at');

-- Some pieces of a variant that are ordered with a line of a sale, from a store.
create type commerce.order_line as (
    sale_line_id uuid,
    variant_id uuid,
    store_id uuid,
    sku text,
    name text,
    -- Pieces; those of a bundle are its units, times what one unit contains.
    quantity integer,
    pieces_per_unit integer
);

create table commerce.orders (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete restrict,
    sale_id uuid not null,
    customer_id uuid references auth.users (id) on delete set null,
    reference text not null,
    status commerce.order_status not null,
    -- The reason of a cancellation.
    status_reason text,
    delivery_kind commerce.delivery_kind not null,
    -- Where it is picked up, or from where it is sent.
    store_id uuid,
    delivery_option_id uuid,
    -- Where it goes, as it was then: {name, line1, line2, postal_code, city, region, country,
    -- phone}.
    address jsonb,
    -- An order that is not paid by then expires; null: never.
    expires_at timestamptz,
    -- Net terms: the business delivers before it is paid.
    pays_later boolean not null default false,
    -- How often what was ordered changed; 1: as placed.
    version integer not null default 1,
    placed_at timestamptz not null,
    updated_at timestamptz not null default now(),

    constraint orders_business_id_id_unique unique (business_id, id),
    constraint orders_sale_unique unique (business_id, sale_id),
    constraint orders_reference_unique unique (reference),
    constraint orders_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete restrict,
    constraint orders_store_fkey foreign key (business_id, store_id)
    references business.stores (business_id, id) on delete restrict,
    constraint orders_version_is_positive check (version > 0),
    constraint orders_address_is_an_object check (jsonb_typeof(address) = 'object'),
    constraint orders_are_picked_up_somewhere check (
        delivery_kind <> 'pickup' or store_id is not null
    ),
    constraint orders_go_to_an_address check (
        delivery_kind <> 'delivery' or address is not null
    )
);
comment on table commerce.orders is 'The goods of a sale on their way to whoever bought them.';
comment on column commerce.orders.customer_id is '[person]';
comment on column commerce.orders.status_reason is '[personal]';
comment on column commerce.orders.address is '[personal]';
-- My orders, and those of a business, page by page.
create index orders_customer_id_idx on commerce.orders (customer_id, placed_at, id);
create index orders_business_id_idx on commerce.orders (business_id, placed_at, id);
create index orders_store_idx on commerce.orders (business_id, store_id);
-- Which unpaid orders expire next.
create index orders_expires_at_idx on commerce.orders (expires_at) where status = 'pending';

create table commerce.order_items (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    order_id uuid not null,
    sale_line_id uuid not null,
    variant_id uuid not null,
    -- From where it goes.
    store_id uuid not null,
    sku text not null,
    name text not null,
    quantity integer not null,
    -- A bundle has an item for each variant in it.
    pieces_per_unit integer not null default 1,
    shipped_quantity integer not null default 0,
    delivered_quantity integer not null default 0,
    returned_quantity integer not null default 0,
    cancelled_quantity integer not null default 0,

    constraint order_items_business_id_id_unique unique (business_id, id),
    constraint order_items_order_fkey foreign key (business_id, order_id)
    references commerce.orders (business_id, id) on delete cascade,
    constraint order_items_sale_line_fkey foreign key (business_id, sale_line_id)
    references sales.sale_lines (business_id, id) on delete restrict,
    constraint order_items_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete restrict,
    constraint order_items_store_fkey foreign key (business_id, store_id)
    references business.stores (business_id, id) on delete restrict,
    constraint order_items_quantity_is_positive check (quantity > 0),
    constraint order_items_are_whole_units check (
        pieces_per_unit > 0 and quantity % pieces_per_unit = 0
    ),
    constraint order_items_counts_not_negative check (
        least(shipped_quantity, delivered_quantity, returned_quantity, cancelled_quantity) >= 0
    ),
    constraint order_items_ship_what_is_ordered check (
        shipped_quantity + cancelled_quantity <= quantity
    ),
    constraint order_items_deliver_what_is_shipped check (delivered_quantity <= shipped_quantity),
    constraint order_items_return_what_is_shipped check (returned_quantity <= shipped_quantity)
);
comment on table commerce.order_items is
'The pieces of an order: what was ordered, and how many of them were shipped, delivered, returned '
'or cancelled.';
comment on column commerce.order_items.order_id is '[person]';
create index order_items_order_idx on commerce.order_items (business_id, order_id);
create index order_items_sale_line_idx on commerce.order_items (business_id, sale_line_id);
create index order_items_variant_idx on commerce.order_items (business_id, variant_id);
create index order_items_store_idx on commerce.order_items (business_id, store_id);

create table commerce.order_steps (
    from_status commerce.order_status not null,
    to_status commerce.order_status not null,
    -- Who may take this step. The system may take every step that exists.
    actors scheduling.actor_kind array not null,
    guard commerce.order_guard,
    -- When it happens by itself; null: only when somebody takes it.
    due commerce.order_moment,

    primary key (from_status, to_status)
);
comment on table commerce.order_steps is
'The life of an order: every step that exists, who may take it, what has to be so, and what '
'happens by itself.';

create table commerce.order_history (
    id bigint generated always as identity primary key,
    business_id uuid not null,
    order_id uuid not null,
    event commerce.order_event not null,
    -- The status of the order after it.
    status commerce.order_status not null,
    actor scheduling.actor_kind not null,
    actor_id uuid references auth.users (id) on delete set null,
    note text,
    at timestamptz not null,

    constraint order_history_order_fkey foreign key (business_id, order_id)
    references commerce.orders (business_id, id) on delete cascade
);
comment on table commerce.order_history is
'What happened to every order, by whom and when. Only ever added to.';
comment on column commerce.order_history.order_id is '[person]';
comment on column commerce.order_history.note is '[personal]';
create index order_history_order_idx on commerce.order_history (business_id, order_id, id);
create index order_history_actor_id_idx on commerce.order_history (actor_id);

-- sql/50_commerce/tables/stock.sql

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

    primary key (business_id, store_id, variant_id),
    constraint stock_levels_store_fkey foreign key (business_id, store_id)
    references business.stores (business_id, id) on delete cascade,
    constraint stock_levels_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete cascade,
    constraint stock_levels_not_below_backorders check (on_hand >= -backorder_limit),
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

-- sql/50_commerce/functions/movements.sql

-- What moves stock: adjustments, counts and transfers.

/*
 * Write movements of a store. Each changes its level by a trigger.
 */
create function commerce.record_movements(
    business_id uuid,
    store_id uuid,
    items commerce.stock_item[],
    reason commerce.movement_reason,
    note text,
    transfer_id uuid default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into commerce.stock_movements (
        business_id, store_id, variant_id, quantity, reason, transfer_id, note, actor_id, at
    )
    select
        record_movements.business_id, record_movements.store_id, item.variant_id, item.quantity,
        record_movements.reason, record_movements.transfer_id, record_movements.note,
        (select users.id from auth.users where users.id = auth.uid()), private.now()
    from unnest(items) as item;
end;
$$;

/*
 * Add pieces of a variant to a store, or take them away, for a reason.
 * Definer: nobody has a write grant on movements.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409
 *          out_of_stock
 */
create function commerce.adjust_stock(
    store_id uuid,
    item commerce.stock_item,
    reason commerce.movement_reason,
    note text
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_business_id constant uuid = commerce.business_of_store(store_id, 'serve');
    v_level commerce.stock_levels;
begin
    if item.quantity = 0
        or reason in ('received', 'returned', 'found') and item.quantity < 0
        or reason in ('damaged', 'lost') and item.quantity > 0 then
        perform private.invalid(
            'quantity',
            'must be positive for received, returned and found, negative for damaged and lost'
        );
    end if;
    perform commerce.lock_levels(v_business_id, array[store_id], array[item]);
    select stock_levels.* into v_level
    from commerce.stock_levels
    where
        stock_levels.business_id = v_business_id
        and stock_levels.store_id = adjust_stock.store_id
        and stock_levels.variant_id = item.variant_id;
    if v_level.on_hand + item.quantity < least(v_level.on_hand, 0) then
        perform private.refuse(
            'PT409', 'out_of_stock', format('Only %s are there.', greatest(v_level.on_hand, 0)),
            'Take away fewer, or count the stock.'
        );
    end if;
    perform commerce.record_movements(v_business_id, store_id, array[item], reason, note);
end;
$$;

/*
 * Set levels of a store to what was counted. Returns how many differed.
 * Definer: nobody has a write grant on levels and movements.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.count_stock(store_id uuid, items commerce.stock_item[], note text)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_business_id constant uuid = commerce.business_of_store(store_id, 'serve');
    v_differences commerce.stock_item[];
begin
    perform commerce.lock_levels(v_business_id, array[store_id], items);
    update commerce.stock_levels
    set counted_at = private.now()
    where
        stock_levels.business_id = v_business_id
        and stock_levels.store_id = count_stock.store_id
        and stock_levels.variant_id in (select item.variant_id from unnest(items) as item);
    v_differences = array(
        select (item.variant_id, item.quantity - stock_levels.on_hand)::commerce.stock_item
        from unnest(items) as item
        inner join commerce.stock_levels
            on
                stock_levels.business_id = v_business_id
                and stock_levels.store_id = count_stock.store_id
                and stock_levels.variant_id = item.variant_id
        where item.quantity <> stock_levels.on_hand
    );
    perform commerce.record_movements(v_business_id, store_id, v_differences, 'counted', note);
    return cardinality(v_differences);
end;
$$;

/*
 * Move free pieces from one store of a business to another. Returns the id of the transfer.
 * Definer: nobody has a write grant on transfers and movements.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409
 *          out_of_stock
 */
create function commerce.transfer_stock(
    from_store_id uuid, to_store_id uuid, items commerce.stock_item[], note text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_business_id constant uuid = commerce.business_of_store(from_store_id, 'serve');
    v_transfer_id constant uuid = gen_random_uuid();
begin
    if from_store_id = to_store_id
        or v_business_id <> commerce.business_of_store(to_store_id, 'serve') then
        perform private.invalid('to_store_id', 'must be another store of the same business');
    end if;
    perform commerce.lock_levels(v_business_id, array[from_store_id, to_store_id], items);
    perform commerce.require_stock(v_business_id, from_store_id, items, false);
    insert into commerce.stock_transfers (
        id, business_id, from_store_id, to_store_id, note, actor_id, at
    )
    values (
        v_transfer_id, v_business_id, transfer_stock.from_store_id, transfer_stock.to_store_id,
        transfer_stock.note, (select users.id from auth.users where users.id = auth.uid()),
        private.now()
    );
    perform commerce.record_movements(
        v_business_id, from_store_id,
        array(select (item.variant_id, -item.quantity)::commerce.stock_item from unnest(items) as item),
        'transferred', note, v_transfer_id
    );
    perform commerce.record_movements(
        v_business_id, to_store_id, items, 'transferred', note, v_transfer_id
    );
    return v_transfer_id;
end;
$$;

/*
 * Set how far a level may be oversold, and when it alerts.
 * Definer: nobody has a write grant on levels.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.set_stock_limits(
    store_id uuid, variant_id uuid, backorder_limit integer, alert_threshold integer
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_business_id constant uuid = commerce.business_of_store(store_id, 'manage');
    v_item constant commerce.stock_item = (variant_id, 0);
begin
    perform commerce.lock_levels(v_business_id, array[store_id], array[v_item]);
    update commerce.stock_levels
    set
        backorder_limit = set_stock_limits.backorder_limit,
        alert_threshold = set_stock_limits.alert_threshold
    where
        stock_levels.business_id = v_business_id
        and stock_levels.store_id = set_stock_limits.store_id
        and stock_levels.variant_id = set_stock_limits.variant_id
        and stock_levels.on_hand >= -set_stock_limits.backorder_limit;
    if not found then
        perform private.invalid('backorder_limit', 'must not be less than what is already missing');
    end if;
end;
$$;

-- sql/50_commerce/functions/orders.sql

-- How orders are written and found. Checkout places them, together with their sale; what comes
-- after is theirs.

/*
 * Return as whom the caller may act on an order, the most specific first.
 * Definer: it is asked by triggers, on behalf of whoever caused them.
 */
create function commerce.actors(placed commerce.orders)
returns scheduling.actor_kind[]
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return array_remove(array[
        case
            when placed.business_id in (select private.my_businesses('serve')) then 'business'
        end::scheduling.actor_kind,
        case when placed.customer_id = auth.uid() then 'customer' end::scheduling.actor_kind,
        case
            when private.is_operator() or session_user in ('worker', 'edge') then 'system'
        end::scheduling.actor_kind
    ], null);
end;
$$;

/*
 * Place an order of goods that were sold: its items, in the order of their lines. Returns its id.
 * The caller has taken the pieces out of stock. `delivery` is {kind, store_id?,
 * delivery_option_id?, address?}. An order that owes nothing is paid; one with net terms is
 * fulfilled before it is.
 */
create function commerce.place_order(
    business_id uuid,
    sale_id uuid,
    customer_id uuid,
    delivery jsonb,
    items commerce.order_line[],
    expires_at timestamptz,
    pays_later boolean
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_order commerce.orders;
begin
    v_order.business_id = place_order.business_id;
    v_order.sale_id = place_order.sale_id;
    v_order.customer_id = place_order.customer_id;
    v_order.delivery_kind = place_order.delivery ->> 'kind';
    v_order.store_id = place_order.delivery ->> 'store_id';
    v_order.delivery_option_id = place_order.delivery ->> 'delivery_option_id';
    v_order.address = nullif(place_order.delivery -> 'address', 'null');
    v_order.pays_later = coalesce(place_order.pays_later, false);
    v_order.status = case
        when v_order.pays_later then 'fulfilling'
        when (
            money.sale_balance(place_order.business_id, place_order.sale_id)
        ).balance_minor <= 0 then 'paid'
        else 'pending'
    end;
    v_order.expires_at = case when v_order.status = 'pending' then place_order.expires_at end;
    v_order = commerce.insert_order(v_order);
    perform commerce.insert_items(v_order, items);
    return v_order.id;
end;
$$;

/*
 * Insert an order with a reference of its own. A reference that another order has is drawn again.
 */
create function commerce.insert_order(placed commerce.orders)
returns commerce.orders
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_order commerce.orders;
begin
    loop
        insert into commerce.orders (
            business_id, sale_id, customer_id, reference, status, delivery_kind, store_id,
            delivery_option_id, address, expires_at, pays_later, placed_at, updated_at
        )
        values (
            placed.business_id, placed.sale_id, placed.customer_id, scheduling.new_reference(),
            placed.status, placed.delivery_kind, placed.store_id, placed.delivery_option_id,
            placed.address, placed.expires_at, placed.pays_later, private.now(), private.now()
        )
        on conflict (reference) do nothing
        returning orders.* into v_order;
        exit when found;
    end loop;
    return v_order;
end;
$$;

/*
 * Insert the items of an order.
 */
create function commerce.insert_items(placed commerce.orders, items commerce.order_line[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into commerce.order_items (
        business_id, order_id, sale_line_id, variant_id, store_id, sku, name, quantity,
        pieces_per_unit
    )
    select
        placed.business_id, placed.id, item.sale_line_id, item.variant_id, item.store_id,
        item.sku, item.name, item.quantity, coalesce(item.pieces_per_unit, 1)
    from unnest(items) as item;
end;
$$;

/*
 * Is an order paid: does its sale owe nothing that is neither captured nor reserved?
 * Definer: a customer's own step asks, and customers read no payments of others for their sale.
 */
create function commerce.is_paid(placed commerce.orders)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (money.sale_balance(placed.business_id, placed.sale_id)).balance_minor <= 0;
end;
$$;

/*
 * Record what happened to an order. Its timeline shows it, and it is announced.
 */
create function commerce.record_event(
    placed commerce.orders, event commerce.order_event, note text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_is_by_itself constant boolean = record_event.event in ('paid', 'expired');
begin
    insert into commerce.order_history (
        business_id, order_id, event, status, actor, actor_id, note, at
    )
    values (
        placed.business_id,
        placed.id,
        record_event.event,
        placed.status,
        case
            when v_is_by_itself then 'system'
            when record_event.event = 'placed' then coalesce(
                (array_remove(commerce.actors(placed), 'business'))[1], 'customer'
            )
            else coalesce((commerce.actors(placed))[1], 'system')
        end,
        case when not v_is_by_itself then (
            select users.id from auth.users where users.id = auth.uid()
        ) end,
        record_event.note,
        private.now()
    );
end;
$$;

-- sql/50_commerce/functions/stock.sql

-- How stock changes. Whoever changes levels locks them first, in the order of store and variant, so
-- that two who want the same pieces take turns and nobody waits in a circle.

/*
 * Read some pieces of variants: a JSON array of {variant_id, quantity}. Several entries of one
 * variant are added up.
 *
 * Errors:  PT400 invalid_input
 */
create function commerce.to_items(value text, argument text, minimum integer)
returns commerce.stock_item[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_items commerce.stock_item[] = array(
        select (read.variant_id, sum(read.quantity)::integer)::commerce.stock_item
        from (
            select
                private.to_identifier(
                    sent.item ->> 'variant_id', argument || '.variant_id'
                ) as variant_id,
                private.to_whole_number(
                    sent.item ->> 'quantity', argument || '.quantity', minimum, 1000000
                ) as quantity
            from unnest(
                private.to_objects(value, argument, 500, '{variant_id,quantity}')
            ) as sent (item)
        ) as read
        group by read.variant_id
    );
begin
    if cardinality(v_items) = 0 then
        perform private.invalid(argument, 'is required');
    end if;
    return v_items;
end;
$$;

/*
 * Return the business of a store in which the caller has a permission.
 * Definer: it must tell a store that does not exist from one of a business that refuses the caller.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.business_of_store(store_id uuid, permission text)
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_business_id constant uuid = (
        select stores.business_id from business.stores where stores.id = business_of_store.store_id
    );
begin
    if v_business_id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such store.', 'Check the id in the view stores.'
        );
    end if;
    perform private.require_member(v_business_id, permission);
    return v_business_id;
end;
$$;

/*
 * Lock the levels of variants in stores until the transaction ends; a level that is missing begins
 * at zero. Call it once in a transaction, for everything that it changes.
 *
 * Errors:  PT404 not_found
 */
create function commerce.lock_levels(
    business_id uuid, store_ids uuid[], items commerce.stock_item[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from unnest(items) as item
        where not exists (
            select 1
            from catalog.product_variants
            where
                product_variants.business_id = lock_levels.business_id
                and product_variants.id = item.variant_id
        )
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such variant in this business.',
            'Check the id in the view product_variants.'
        );
    end if;
    insert into commerce.stock_levels (business_id, store_id, variant_id)
    select lock_levels.business_id, store.id, item.variant_id
    from unnest(store_ids) as store (id)
    cross join unnest(items) as item
    order by store.id, item.variant_id
    on conflict do nothing;
    perform 1
    from commerce.stock_levels
    where
        stock_levels.business_id = lock_levels.business_id
        and stock_levels.store_id = any(store_ids)
        and stock_levels.variant_id in (select item.variant_id from unnest(items) as item)
    order by stock_levels.store_id, stock_levels.variant_id
    for update;
end;
$$;

/*
 * Refuse when a store has fewer free pieces than somebody wants: on hand, less what is reserved,
 * and as many back-orders as are allowed where these count. The levels are locked.
 *
 * Errors:  PT409 out_of_stock
 */
create function commerce.require_stock(
    business_id uuid, store_id uuid, items commerce.stock_item[], has_backorders boolean
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_short record;
begin
    select product_variants.sku, greatest(free.quantity, 0) as quantity into v_short
    from unnest(items) as item
    inner join commerce.stock_levels
        on
            stock_levels.business_id = require_stock.business_id
            and stock_levels.store_id = require_stock.store_id
            and stock_levels.variant_id = item.variant_id
    inner join catalog.product_variants
        on
            product_variants.business_id = stock_levels.business_id
            and product_variants.id = stock_levels.variant_id
    cross join lateral (
        select
            stock_levels.on_hand
            + case when has_backorders then stock_levels.backorder_limit else 0 end
            - commerce.reserved_quantity(stock_levels) as quantity
    ) as free
    where free.quantity < item.quantity
    order by product_variants.sku
    limit 1;
    if found then
        perform private.refuse(
            'PT409', 'out_of_stock',
            format('%s: only %s left.', v_short.sku, v_short.quantity),
            'Ask for fewer, or choose another store.'
        );
    end if;
end;
$$;

/*
 * Return how many pieces of a level are reserved now.
 */
create function commerce.reserved_quantity(level commerce.stock_levels)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(sum(stock_reservations.quantity), 0)
        from commerce.stock_reservations
        where
            stock_reservations.business_id = level.business_id
            and stock_reservations.store_id = level.store_id
            and stock_reservations.variant_id = level.variant_id
            and stock_reservations.expires_at > private.now()
    );
end;
$$;

/*
 * Keep pieces in a store for some minutes. Returns the id of the reservation.
 * Definer: nobody has a write grant on reservations.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 out_of_stock
 */
create function commerce.reserve_stock(
    store_id uuid, items commerce.stock_item[], minutes integer
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_business_id constant uuid = commerce.business_of_store(store_id, 'serve');
    v_reservation_id constant uuid = gen_random_uuid();
begin
    perform commerce.lock_levels(v_business_id, array[store_id], items);
    perform commerce.require_stock(v_business_id, store_id, items, true);
    delete from commerce.stock_reservations
    where
        stock_reservations.business_id = v_business_id
        and stock_reservations.store_id = reserve_stock.store_id
        and stock_reservations.variant_id in (select item.variant_id from unnest(items) as item)
        and stock_reservations.expires_at <= private.now();
    insert into commerce.stock_reservations (
        business_id, reservation_id, store_id, variant_id, quantity, expires_at
    )
    select
        v_business_id, v_reservation_id, reserve_stock.store_id, item.variant_id, item.quantity,
        private.now() + make_interval(mins => minutes)
    from unnest(items) as item;
    return v_reservation_id;
end;
$$;

/*
 * Free the pieces of a reservation.
 * Definer: nobody has a write grant on reservations.
 *
 * Errors:  PT404 not_found
 */
create function commerce.release_stock(reservation_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_kept commerce.stock_reservations[] = array(
        select stock_reservations
        from commerce.stock_reservations
        where
            stock_reservations.reservation_id = release_stock.reservation_id
            and (
                private.is_operator()
                or stock_reservations.business_id in (select private.my_businesses('serve'))
            )
    );
begin
    if cardinality(v_kept) = 0 then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such reservation.',
            'Check the id in the view stock_reservations.'
        );
    end if;
    perform commerce.lock_levels(
        v_kept[1].business_id,
        array(select distinct kept.store_id from unnest(v_kept) as kept),
        array(select (kept.variant_id, kept.quantity)::commerce.stock_item from unnest(v_kept) as kept)
    );
    delete from commerce.stock_reservations
    where
        stock_reservations.business_id = v_kept[1].business_id
        and stock_reservations.reservation_id = release_stock.reservation_id;
end;
$$;

-- sql/50_commerce/rules/orders.sql

-- What holds for orders on every path, the table owner's included: only steps of the table are
-- taken, by those who may; every step is recorded and announced; what was ordered never changes.

/*
 * Refuse steps that do not exist, that the caller may not take, or whose condition is not met.
 * Anybody may pay, and whoever comes by expires an order that ran out.
 *
 * Errors:  PT403 forbidden · PT409 invalid_transition payment_required
 */
create function commerce.orders__refuse_illegal_steps()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_step commerce.order_steps;
begin
    select order_steps.* into v_step
    from commerce.order_steps
    where order_steps.from_status = old.status and order_steps.to_status = new.status;
    if not found then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('An order that is %s cannot become %s.', old.status, new.status),
            'Read the order again and check its status.'
        );
    elsif v_step.guard = 'paid' and not commerce.is_paid(new) then
        perform private.refuse(
            'PT409', 'payment_required', 'This order is not paid yet.',
            'Pay it with start_payment, or record cash with record_cash_payment.'
        );
    elsif v_step.guard is null and v_step.due is null
        and not (v_step.actors || 'system'::scheduling.actor_kind) && commerce.actors(old) then
        perform private.refuse(
            'PT403', 'forbidden', 'You are not allowed to take this step.',
            'Ask the business to take it.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_illegal_steps
before update of status on commerce.orders
for each row
when (old.status is distinct from new.status)
execute function commerce.orders__refuse_illegal_steps();

-- An order keeps what was ordered, from whom, and where it goes.
create trigger _110_refuse_rewriting
before update on commerce.orders
for each row
when (
    old.id <> new.id
    or old.business_id <> new.business_id
    or old.sale_id <> new.sale_id
    or old.reference <> new.reference
    or old.placed_at <> new.placed_at
)
execute function private.any__refuse_rewriting();

create trigger _120_refuse_deleting
before delete on commerce.orders
for each row execute function private.any__refuse_rewriting();

create trigger _900_touch
before update on commerce.orders
for each row execute function private.any__touch();

create trigger _100_refuse_rewriting
before update on commerce.order_items
for each row
when (
    old.id <> new.id
    or old.business_id <> new.business_id
    or old.order_id <> new.order_id
    or old.sale_line_id <> new.sale_line_id
    or old.variant_id <> new.variant_id
    or old.sku <> new.sku
    or old.name <> new.name
    or old.quantity <> new.quantity
    or old.pieces_per_unit <> new.pieces_per_unit
)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_deleting
before delete on commerce.order_items
for each row execute function private.any__refuse_rewriting();

/*
 * Record that an order was placed, or took a step.
 */
create function commerce.orders__record_step()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform commerce.record_event(
        new,
        case when tg_op = 'INSERT' then 'placed' else new.status::text end::commerce.order_event,
        case when new.status = 'cancelled' then new.status_reason end
    );
    return null;
end;
$$;

create trigger _300_record_step
after insert on commerce.orders
for each row execute function commerce.orders__record_step();

create trigger _310_record_step
after update of status on commerce.orders
for each row
when (old.status is distinct from new.status)
execute function commerce.orders__record_step();

/*
 * Announce what happened to an order as order.placed, order.paid, order.shipped and so on.
 */
create function commerce.order_history__announce()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'order.' || new.event::text,
        jsonb_build_object(
            'order_id', new.order_id,
            'business_id', new.business_id,
            'status', new.status,
            'actor', new.actor,
            'reason', new.note
        )
    );
    return null;
end;
$$;

create trigger _500_announce
after insert on commerce.order_history
for each row execute function commerce.order_history__announce();

create trigger _100_refuse_rewriting
before update or delete on commerce.order_history
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on commerce.order_history
for each statement execute function private.any__refuse_rewriting();

-- sql/50_commerce/rules/stock.sql

-- What must never happen to stock: a movement that is changed or deleted, a level that differs from
-- the sum of its movements, a transfer in which pieces appear or vanish.

create trigger _100_refuse_rewriting
before update or delete on commerce.stock_movements
for each row execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on commerce.stock_movements
for each statement execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on commerce.stock_transfers
for each row execute function private.any__refuse_rewriting();

/*
 * Change the level by what moved.
 * Definer: nobody has a write grant on levels.
 */
create function commerce.stock_movements__change_level()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update commerce.stock_levels
    set on_hand = stock_levels.on_hand + new.quantity
    where
        stock_levels.business_id = new.business_id
        and stock_levels.store_id = new.store_id
        and stock_levels.variant_id = new.variant_id;
    return null;
end;
$$;

create trigger _500_change_level
after insert on commerce.stock_movements
for each row execute function commerce.stock_movements__change_level();

/*
 * Refuse, when the transaction ends, a transfer that does not put into one store what it takes from
 * the other.
 * Definer: it reads every movement of the transfer, whoever moved.
 */
create function commerce.stock_movements__net_to_zero()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if 0 <> (
        select sum(stock_movements.quantity)
        from commerce.stock_movements
        where
            stock_movements.business_id = new.business_id
            and stock_movements.transfer_id = new.transfer_id
            and stock_movements.variant_id = new.variant_id
    ) then
        raise exception using
            errcode = 'check_violation',
            message = 'The movements of a transfer must net to zero.',
            constraint = 'stock_movements_net_to_zero';
    end if;
    return null;
end;
$$;

create constraint trigger _510_net_to_zero
after insert on commerce.stock_movements
deferrable initially deferred
for each row
when (new.transfer_id is not null)
execute function commerce.stock_movements__net_to_zero();

/*
 * Send an alert when a level falls to its threshold, once until it recovers.
 */
create function commerce.stock_levels__alert()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_was_low constant boolean = new.is_low;
begin
    new.is_low = coalesce(new.on_hand <= new.alert_threshold, false);
    if new.is_low and not v_was_low then
        perform private.emit(
            'stock.low',
            jsonb_build_object(
                'business_id', new.business_id,
                'store_id', new.store_id,
                'variant_id', new.variant_id,
                'on_hand', new.on_hand
            )
        );
    end if;
    return new;
end;
$$;

create trigger _100_alert
before update of on_hand, alert_threshold on commerce.stock_levels
for each row execute function commerce.stock_levels__alert();

/*
 * Refuse to delete a store or a variant that stock has moved in.
 * Definer: it reads movements that the caller may not.
 *
 * Errors:  PT409 in_use
 */
create function commerce.any__refuse_stocked()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from commerce.stock_movements
        where
            stock_movements.business_id = old.business_id
            and old.id in (stock_movements.store_id, stock_movements.variant_id)
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'It has movements of stock.',
            'Switch the store or the variant off, or archive the product.'
        );
    end if;
    return old;
end;
$$;

create trigger _200_refuse_stocked
before delete on business.stores
for each row execute function commerce.any__refuse_stocked();

create trigger _200_refuse_stocked
before delete on catalog.product_variants
for each row execute function commerce.any__refuse_stocked();

-- sql/50_commerce/policies/orders.sql

-- Who may read orders: customers theirs, members those of their business, platform staff all.
-- Nobody writes: functions place orders and take their steps, so that nobody chooses a status.

/*
 * Return the orders of the signed-in customer.
 * Definer: policies of tables that refer to orders call it instead of orders' own policy, once a
 * statement.
 */
create function private.my_orders()
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select orders.id
    from commerce.orders
    where orders.customer_id = auth.uid();
end;
$$;
grant execute on function private.my_orders() to authenticated, service_role;

alter table commerce.orders enable row level security;
alter table commerce.order_items enable row level security;
alter table commerce.order_history enable row level security;
alter table commerce.order_steps enable row level security;

grant select on commerce.orders, commerce.order_items, commerce.order_history
to authenticated, service_role;
grant select on commerce.order_steps to anon, authenticated, service_role;

create policy orders_select
on commerce.orders
for select
to authenticated
using (
    customer_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
);

create policy order_items_select
on commerce.order_items
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or order_id = any(array(select private.my_orders()))
);

create policy order_history_select
on commerce.order_history
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or order_id = any(array(select private.my_orders()))
);

create policy order_steps_select
on commerce.order_steps
for select
to anon, authenticated
using (true);

-- sql/50_commerce/policies/stock.sql

-- Members of the business read its stock. Nobody writes it but functions: a level that a client
-- could set would not be the sum of its movements. Not even the operator's servers have a write
-- grant.

grant usage on schema commerce to anon, authenticated, service_role;

alter table commerce.stock_levels enable row level security;
alter table commerce.stock_movements enable row level security;
alter table commerce.stock_transfers enable row level security;
alter table commerce.stock_reservations enable row level security;

grant select on table commerce.stock_levels to authenticated, service_role;
grant select on table commerce.stock_movements to authenticated, service_role;
grant select on table commerce.stock_transfers to authenticated, service_role;
grant select on table commerce.stock_reservations to authenticated, service_role;

create policy stock_levels_select
on commerce.stock_levels
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

create policy stock_movements_select
on commerce.stock_movements
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

create policy stock_transfers_select
on commerce.stock_transfers
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

create policy stock_reservations_select
on commerce.stock_reservations
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

grant execute on function commerce.reserved_quantity(commerce.stock_levels)
to authenticated, service_role;

-- A call without sign-in is answered with not_signed_in.
grant execute on function
commerce.to_items(text, text, integer),
commerce.reserve_stock(uuid, commerce.stock_item[], integer),
commerce.release_stock(uuid),
commerce.adjust_stock(uuid, commerce.stock_item, commerce.movement_reason, text),
commerce.count_stock(uuid, commerce.stock_item[], text),
commerce.transfer_stock(uuid, uuid, commerce.stock_item[], text),
commerce.set_stock_limits(uuid, uuid, integer, integer)
to anon, authenticated, service_role;

-- sql/50_commerce/api/orders.sql

-- Orders as their customers and the members of the business read them.

create view public.orders
with (security_invoker = true)
as
select
    orders.id,
    orders.business_id,
    orders.sale_id,
    orders.customer_id,
    orders.reference,
    orders.status,
    orders.status_reason,
    orders.delivery_kind,
    orders.store_id,
    orders.delivery_option_id,
    orders.address,
    orders.expires_at,
    orders.pays_later,
    orders.version,
    orders.placed_at,
    orders.updated_at
from commerce.orders;
grant select on public.orders to authenticated, service_role;

comment on view public.orders is
'Orders of goods, one for each business in a checkout. Customers read theirs, members those of '
'their business. What is owed and paid is in the view sales.';
comment on column public.orders.id is 'Primary key.';
comment on column public.orders.business_id is 'The business.';
comment on column public.orders.sale_id is 'The sale with its lines and amounts.';
comment on column public.orders.customer_id is
'Who ordered; null for a guest and for a deleted account.';
comment on column public.orders.reference is '8 characters without look-alikes, for people.';
comment on column public.orders.status is
'pending, paid, fulfilling, shipped, delivered, completed, cancelled, expired or returned.';
comment on column public.orders.status_reason is 'Why it was cancelled; null for no reason.';
comment on column public.orders.delivery_kind is 'pickup or delivery.';
comment on column public.orders.store_id is
'Where it is picked up, or from where it is sent; null when its items come from several stores.';
comment on column public.orders.delivery_option_id is 'How it is delivered; null for a pickup.';
comment on column public.orders.address is
'Where it goes, as it was when it was ordered: {name, line1, line2, postal_code, city, region, '
'country, phone}; null for a pickup.';
comment on column public.orders.expires_at is
'It expires if it is not paid by then; null for never.';
comment on column public.orders.pays_later is 'Whether it is delivered before it is paid.';
comment on column public.orders.version is
'How often what was ordered changed: 1 as placed, one more with each change.';
comment on column public.orders.placed_at is 'When it was placed.';
comment on column public.orders.updated_at is 'When it last changed.';

create view public.order_items
with (security_invoker = true)
as
select
    order_items.id,
    order_items.business_id,
    order_items.order_id,
    order_items.sale_line_id,
    order_items.variant_id,
    order_items.store_id,
    order_items.sku,
    order_items.name,
    order_items.quantity,
    order_items.pieces_per_unit,
    order_items.shipped_quantity,
    order_items.delivered_quantity,
    order_items.returned_quantity,
    order_items.cancelled_quantity
from commerce.order_items;
grant select on public.order_items to authenticated, service_role;

comment on view public.order_items is
'The pieces of orders. Name, SKU and quantity stay as they were ordered; prices are in sale_lines.';
comment on column public.order_items.id is 'Primary key.';
comment on column public.order_items.business_id is 'The business.';
comment on column public.order_items.order_id is 'The order.';
comment on column public.order_items.sale_line_id is
'The line of the sale; a bundle has several items with the same line.';
comment on column public.order_items.variant_id is 'The variant.';
comment on column public.order_items.store_id is 'The store from which it goes.';
comment on column public.order_items.sku is 'The SKU when it was ordered.';
comment on column public.order_items.name is 'The name when it was ordered.';
comment on column public.order_items.quantity is 'How many pieces were ordered.';
comment on column public.order_items.pieces_per_unit is
'How many of them one unit of the line has: 1, or more in a bundle.';
comment on column public.order_items.shipped_quantity is 'How many pieces were shipped.';
comment on column public.order_items.delivered_quantity is
'How many pieces were delivered or picked up.';
comment on column public.order_items.returned_quantity is 'How many pieces were returned.';
comment on column public.order_items.cancelled_quantity is
'How many pieces were cancelled before they were shipped.';

create view public.order_timeline
with (security_invoker = true)
as
select
    order_history.id,
    order_history.business_id,
    order_history.order_id,
    order_history.event,
    order_history.status,
    order_history.actor,
    order_history.actor_id,
    order_history.note,
    order_history.at
from commerce.order_history;
grant select on public.order_timeline to authenticated, service_role;

comment on view public.order_timeline is
'What happened to each order, by whom and when.

Append-only. Customers read that of their orders, members that of their business''s.';
comment on column public.order_timeline.id is 'Primary key; later entries have higher keys.';
comment on column public.order_timeline.business_id is 'The business.';
comment on column public.order_timeline.order_id is 'The order.';
comment on column public.order_timeline.event is
'What happened: placed, or the status that the order reached.';
comment on column public.order_timeline.status is 'The status of the order after it.';
comment on column public.order_timeline.actor is 'customer, business or system.';
comment on column public.order_timeline.actor_id is
'Who did it; null for the system, guests and deleted accounts.';
comment on column public.order_timeline.note is 'The reason; null for none.';
comment on column public.order_timeline.at is 'When.';

create view public.order_steps
with (security_invoker = true)
as
select
    order_steps.from_status,
    order_steps.to_status,
    order_steps.actors,
    order_steps.guard,
    order_steps.due
from commerce.order_steps;
grant select on public.order_steps to anon, authenticated, service_role;

comment on view public.order_steps is
'Every step that an order can take, who may take it, and which happen by themselves.';
comment on column public.order_steps.from_status is 'The status before.';
comment on column public.order_steps.to_status is 'The status after.';
comment on column public.order_steps.actors is
'Who may take the step beside the system: customer, business.';
comment on column public.order_steps.guard is
'What has to be so: paid, or null for no condition.';
comment on column public.order_steps.due is
'When it happens by itself: expires_at of the order; null for never.';

-- sql/50_commerce/api/stock.sql

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
    greatest(
        stock_levels.on_hand
        + stock_levels.backorder_limit
        - commerce.reserved_quantity(stock_levels.*),
        0
    ) as available,
    stock_levels.backorder_limit,
    stock_levels.alert_threshold,
    stock_levels.is_low,
    stock_levels.counted_at
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
'How many can be reserved now: on_hand and backorder_limit, less reserved.';
comment on column public.inventory_levels.backorder_limit is
'How many more than there are may be sold.';
comment on column public.inventory_levels.alert_threshold is
'When no more than these are left, one alert is sent; null for never.';
comment on column public.inventory_levels.is_low is 'Whether the threshold is reached.';
comment on column public.inventory_levels.counted_at is 'When it was last counted; null for never.';

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
    stock_movements.at
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

-- sql/50_commerce/api/stock_rpcs.sql

-- What members do with stock: adjust, count, transfer, reserve.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 out_of_stock idempotency_conflict
 */
create function public.adjust_stock(
    store_id public.identifier,
    variant_id public.identifier,
    quantity public.whole_number,
    reason text,
    note text default null,
    idempotency_key text default null
)
returns public.inventory_levels
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_store_id constant uuid = private.to_identifier(store_id, 'store_id');
    v_variant_id constant uuid = private.to_identifier(variant_id, 'variant_id');
    v_quantity constant integer = private.to_whole_number(quantity, 'quantity', -1000000, 1000000);
    v_answer jsonb;
    v_level public.inventory_levels;
begin
    if reason is null
        or reason not in ('received', 'returned', 'found', 'damaged', 'lost', 'corrected') then
        perform private.invalid(
            'reason', 'must be received, returned, found, damaged, lost or corrected'
        );
    end if;
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'adjust_stock', idempotency_key, jsonb_build_array(store_id, variant_id, quantity, reason, note)
        );
        if v_answer is not null then
            return jsonb_populate_record(null::public.inventory_levels, v_answer);
        end if;
    end if;
    perform commerce.adjust_stock(
        v_store_id, (v_variant_id, v_quantity)::commerce.stock_item,
        reason::commerce.movement_reason, private.to_text(note, 'note', 500)
    );
    select inventory_levels.* into v_level
    from public.inventory_levels
    where inventory_levels.store_id = v_store_id and inventory_levels.variant_id = v_variant_id;
    if idempotency_key is not null then
        perform private.remember_answer('adjust_stock', idempotency_key, to_jsonb(v_level));
    end if;
    return v_level;
end;
$$;
comment on function public.adjust_stock is
'Add pieces of a variant to a store, or take them away, for a reason. Owners, managers and staff.

Returns the level.

- quantity: pieces; positive for received, returned and found, negative for damaged and lost, either '
'for corrected.
- reason: received, returned, found, damaged, lost or corrected.
- note: at most 500 characters.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'idempotency_conflict 409, out_of_stock 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.count_stock(
    store_id public.identifier, items public.list, note text default null
)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return commerce.count_stock(
        private.to_identifier(store_id, 'store_id'),
        commerce.to_items(items, 'items', 0),
        private.to_text(note, 'note', 500)
    );
end;
$$;
comment on function public.count_stock is
'Set the levels of a store to what was counted. Owners, managers and staff.

Returns how many levels differed; each difference is a movement with the reason counted.

- items: an array of {variant_id, quantity} with at most 500 elements; several counts of a variant '
'are added up. Other variants keep their level.
- note: at most 500 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 out_of_stock idempotency_conflict
 */
create function public.transfer_stock(
    from_store_id public.identifier,
    to_store_id public.identifier,
    items public.list,
    note text default null,
    idempotency_key text default null
)
returns public.stock_transfers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_answer jsonb;
    v_id uuid;
    v_transfer public.stock_transfers;
begin
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'transfer_stock', idempotency_key, jsonb_build_array(from_store_id, to_store_id, items, note)
        );
        if v_answer is not null then
            return jsonb_populate_record(null::public.stock_transfers, v_answer);
        end if;
    end if;
    v_id = commerce.transfer_stock(
        private.to_identifier(from_store_id, 'from_store_id'),
        private.to_identifier(to_store_id, 'to_store_id'),
        commerce.to_items(items, 'items', 1),
        private.to_text(note, 'note', 500)
    );
    select stock_transfers.* into v_transfer
    from public.stock_transfers
    where stock_transfers.id = v_id;
    if idempotency_key is not null then
        perform private.remember_answer('transfer_stock', idempotency_key, to_jsonb(v_transfer));
    end if;
    return v_transfer;
end;
$$;
comment on function public.transfer_stock is
'Move free pieces from one store of a business to another: all of the items, or none. Owners, '
'managers and staff.

Returns the transfer. Reserved pieces stay.

- items: an array of {variant_id, quantity} with at most 500 elements.
- note: at most 500 characters.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'idempotency_conflict 409, out_of_stock 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.set_stock_limits(
    store_id public.identifier,
    variant_id public.identifier,
    backorder_limit public.whole_number default '0',
    alert_threshold public.whole_number default null
)
returns public.inventory_levels
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_store_id constant uuid = private.to_identifier(store_id, 'store_id');
    v_variant_id constant uuid = private.to_identifier(variant_id, 'variant_id');
    v_level public.inventory_levels;
begin
    perform commerce.set_stock_limits(
        v_store_id,
        v_variant_id,
        private.to_whole_number(backorder_limit, 'backorder_limit', 0, 1000000, if_null => 0),
        private.to_whole_number(alert_threshold, 'alert_threshold', 0, 1000000, false)
    );
    select inventory_levels.* into v_level
    from public.inventory_levels
    where inventory_levels.store_id = v_store_id and inventory_levels.variant_id = v_variant_id;
    return v_level;
end;
$$;
comment on function public.set_stock_limits is
'Set how many more pieces than there are may be sold, and when a level alerts. Owners and managers.

Returns the level.

- backorder_limit: pieces; 0 for no back-orders.
- alert_threshold: pieces; when no more are left, one alert is sent until the level recovers. Null '
'for never.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 out_of_stock idempotency_conflict
 */
create function public.reserve_stock(
    store_id public.identifier,
    items public.list,
    minutes public.whole_number default '30',
    idempotency_key text default null
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_answer jsonb;
    v_id uuid;
begin
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'reserve_stock', idempotency_key, jsonb_build_array(store_id, items, minutes)
        );
        if v_answer is not null then
            return (v_answer #>> '{}')::uuid;
        end if;
    end if;
    v_id = commerce.reserve_stock(
        private.to_identifier(store_id, 'store_id'),
        commerce.to_items(items, 'items', 1),
        private.to_whole_number(minutes, 'minutes', 1, 43200, if_null => 30)
    );
    if idempotency_key is not null then
        perform private.remember_answer('reserve_stock', idempotency_key, to_jsonb(v_id));
    end if;
    return v_id;
end;
$$;
comment on function public.reserve_stock is
'Keep pieces in a store for somebody: all of the items, or none. Owners, managers and staff.

Returns the id of the reservation. It ends by itself.

- items: an array of {variant_id, quantity} with at most 500 elements.
- minutes: how long, 1 to 43200.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'idempotency_conflict 409, out_of_stock 409.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.release_stock(reservation_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform commerce.release_stock(private.to_identifier(reservation_id, 'reservation_id'));
end;
$$;
comment on function public.release_stock is
'Free the pieces of a reservation before it ends. Owners, managers and staff.

Errors: invalid_input 400, not_found 404.';

grant execute on function
public.adjust_stock(
    public.identifier, public.identifier, public.whole_number, text, text, text
),
public.count_stock(public.identifier, public.list, text),
public.transfer_stock(public.identifier, public.identifier, public.list, text, text),
public.set_stock_limits(
    public.identifier, public.identifier, public.whole_number, public.whole_number
),
public.reserve_stock(public.identifier, public.list, public.whole_number, text),
public.release_stock(public.identifier)
to anon, authenticated, service_role;

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
