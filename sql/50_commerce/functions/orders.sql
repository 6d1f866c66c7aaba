-- How orders are written and found. Checkout places them, together with their sale; what comes
-- after is theirs.

/*
 * Return as whom the caller may act on an order, the most specific first. A guest is its customer
 * in the transaction that received the right code.
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
    return scheduling.actors_for(
        placed.business_id,
        placed.customer_id = auth.uid()
        or placed.customer_id is null and scheduling.is_proven(placed.id)
    );
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
set plan_cache_mode = 'force_generic_plan'
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
set plan_cache_mode = 'force_generic_plan'
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
