-- The steps of an order that exists. Whoever takes one locks the order first, then the levels of
-- stock that it changes.

/*
 * Lock an order for a caller who may act on it. Returns it as it is now.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.lock_order(order_id uuid, as_actors scheduling.actor_kind[])
returns commerce.orders
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_order commerce.orders;
begin
    select orders.* into v_order
    from commerce.orders
    where orders.id = lock_order.order_id
    for update;
    perform commerce.require_actor(v_order, as_actors);
    return v_order;
end;
$$;

/*
 * Refuse a caller who may not act on an order in one of some ways. An order that the caller may not
 * read, and one that does not exist, get the same answer.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.require_actor(
    placed commerce.orders, as_actors scheduling.actor_kind[]
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_actors constant scheduling.actor_kind[] = commerce.actors(placed);
begin
    if not private.is_operator()
        and not (placed.customer_id is null and v_actors = '{customer}') then
        perform private.current_user_id();
    end if;
    if placed.id is null
        or v_actors = '{}' and placed.business_id not in (select private.seen_businesses()) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such order.', 'Check the id in the view orders.'
        );
    elsif not (as_actors || 'system'::scheduling.actor_kind) && v_actors then
        perform private.refuse(
            'PT403', 'forbidden', 'You are not allowed to do this with this order.',
            'Ask the business to do it.'
        );
    end if;
end;
$$;

/*
 * Return the status that follows from the pieces of an order.
 */
create function commerce.status_of_pieces(placed commerce.orders)
returns commerce.order_status
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_pieces record;
begin
    select
        sum(order_items.quantity - order_items.cancelled_quantity) as ordered,
        sum(order_items.shipped_quantity) as shipped,
        sum(order_items.delivered_quantity) as delivered,
        sum(order_items.returned_quantity) as returned
    into v_pieces
    from commerce.order_items
    where order_items.business_id = placed.business_id and order_items.order_id = placed.id;
    return case
        when v_pieces.ordered = 0 then 'cancelled'
        when v_pieces.returned = v_pieces.ordered then 'returned'
        when v_pieces.shipped < v_pieces.ordered then case
            when v_pieces.shipped > 0 or placed.status in ('shipped', 'delivered', 'completed')
                then 'fulfilling'
            when placed.status = 'pending' and commerce.is_paid(placed) then 'paid'
            else placed.status
        end
        when placed.status = 'completed' then 'completed'
        when v_pieces.delivered = 0 or exists (
            select 1
            from commerce.shipments
            where
                shipments.business_id = placed.business_id
                and shipments.order_id = placed.id
                and shipments.status = 'shipped'
        ) then 'shipped'
        else 'delivered'
    end;
end;
$$;

/*
 * Let the status of an order follow its pieces, and record what happened; that a part was sent or
 * arrived is not recorded of the last part.
 */
create function commerce.follow_pieces(
    placed commerce.orders, event commerce.order_event, note text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_status constant commerce.order_status = commerce.status_of_pieces(placed);
begin
    if v_status <> placed.status then
        perform commerce.change_status(placed, v_status, follow_pieces.note);
    end if;
    if follow_pieces.event::text <> 'part_' || v_status::text then
        perform commerce.record_event(
            commerce.order_now(placed.id), follow_pieces.event, follow_pieces.note
        );
    end if;
end;
$$;

/*
 * Change the status of an order whose lock the caller holds. The steps table and the triggers
 * decide whether the step exists and who may take it. With its delivery begins the time in which
 * the customer may return pieces, and every line is delivered.
 *
 * Errors:  PT403 forbidden · PT409 invalid_transition payment_required
 */
create function commerce.change_status(
    placed commerce.orders, to_status commerce.order_status, reason text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update commerce.orders
    set
        status = change_status.to_status,
        status_reason = case
            when change_status.to_status = 'cancelled' then change_status.reason
        end,
        expires_at = null,
        returns_until = case
            when change_status.to_status in ('delivered', 'completed') then coalesce(
                orders.returns_until,
                private.now() + make_interval(
                    days => (commerce.settings_of(orders.business_id)).return_days
                )
            )
            else orders.returns_until
        end
    where orders.id = placed.id;
    if change_status.to_status in ('delivered', 'completed') then
        perform sales.deliver_lines(placed.business_id, placed.sale_id);
    end if;
end;
$$;

/*
 * Return how a business treats orders.
 */
create function commerce.settings_of(business_id uuid)
returns commerce.order_settings
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_settings commerce.order_settings;
begin
    select order_settings.* into v_settings
    from commerce.order_settings
    where order_settings.business_id = settings_of.business_id;
    if not found then
        v_settings.business_id = settings_of.business_id;
        v_settings.return_days = 14;
    end if;
    return v_settings;
end;
$$;

/*
 * Complete an order that was sent, by hand: nothing is expected to come back.
 * Definer: nobody has a write grant on orders; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function commerce.complete_order(order_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_order constant commerce.orders = commerce.lock_order(order_id, '{business}');
begin
    if v_order.status <> 'completed' then
        perform commerce.change_status(v_order, 'completed', null);
    end if;
end;
$$;

/*
 * Note that the business began to pack an order.
 * Definer: nobody has a write grant on orders; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function commerce.fulfil_order(order_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_order constant commerce.orders = commerce.lock_order(order_id, '{business}');
begin
    if v_order.status <> 'fulfilling' then
        if v_order.status in ('shipped', 'delivered', 'completed') then
            perform private.refuse(
                'PT409', 'invalid_transition', 'Everything of this order was sent already.',
                'Read the order again and check its status.'
            );
        end if;
        perform commerce.change_status(v_order, 'fulfilling', null);
    end if;
end;
$$;
