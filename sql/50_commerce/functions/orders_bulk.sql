-- What members do with many orders at once.

/*
 * Do the same with several orders; each is changed, or left as it is and its refusal reported.
 * They are locked in the order of their ids, and then the levels of all of them at once, as
 * everybody does who changes several.
 * Definer: nobody has a write grant on orders; each function checks the caller.
 */
create function commerce.update_orders(order_ids uuid[], action text, reason text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_results jsonb = '[]';
    v_id uuid;
    v_mine constant uuid[] = array(
        select orders.id
        from commerce.orders
        where
            orders.id = any(update_orders.order_ids)
            and commerce.actors(orders) <> '{}'
        order by orders.id
        for update
    );
begin
    perform commerce.lock_levels_of(v_mine);
    foreach v_id in array order_ids loop
        v_results = v_results || commerce.update_one_order(
            v_id, update_orders.action, update_orders.reason
        );
    end loop;
    return v_results;
end;
$$;

/*
 * Take one step of update_orders. Returns {order_id, is_changed, status, error, message}.
 */
create function commerce.update_one_order(order_id uuid, action text, reason text)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_token text;
    v_message text;
    v_before constant commerce.orders = commerce.order_or_null(order_id);
    v_after commerce.orders;
begin
    perform commerce.lock_order(update_one_order.order_id, '{business}');
    case action
        when 'fulfil' then perform commerce.fulfil_order(update_one_order.order_id);
        when 'complete' then perform commerce.complete_order(update_one_order.order_id);
        when 'cancel' then
            perform commerce.cancel_order(
                update_one_order.order_id, null, update_one_order.reason
            );
        when 'deliver' then perform commerce.deliver_everything(update_one_order.order_id);
        else
            perform commerce.send_shipment(
                commerce.pack_shipment(update_one_order.order_id, null), null, null, null
            );
    end case;
    v_after = commerce.order_or_null(update_one_order.order_id);
    return jsonb_build_object(
        'order_id', update_one_order.order_id,
        'is_changed', v_after.status <> v_before.status,
        'status', v_after.status,
        'error', null,
        'message', null
    );
exception
    when sqlstate 'PT403' or sqlstate 'PT404' or sqlstate 'PT409' then
        get stacked diagnostics v_token = pg_exception_detail, v_message = message_text;
        return jsonb_build_object(
            'order_id', update_one_order.order_id,
            'is_changed', false,
            'status', case when v_token <> 'not_found' then v_before.status end,
            'error', v_token,
            'message', v_message
        );
end;
$$;

/*
 * Return an order as it is now; all columns null if there is none.
 */
create function commerce.order_or_null(order_id uuid)
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
    where orders.id = order_or_null.order_id;
    return v_order;
end;
$$;

/*
 * Note that every shipment of an order that is under way arrived.
 *
 * Errors:  PT409 invalid_transition
 */
create function commerce.deliver_everything(order_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
begin
    for v_id in
        select shipments.id
        from commerce.shipments
        where
            shipments.order_id = deliver_everything.order_id
            and shipments.status = 'shipped'
        order by shipments.created_at, shipments.id
    loop
        perform commerce.deliver_shipment(v_id);
    end loop;
    if v_id is null then
        perform private.refuse(
            'PT409', 'invalid_transition', 'No shipment of this order is under way.',
            'Send it first.'
        );
    end if;
end;
$$;
