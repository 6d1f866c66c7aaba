-- How pieces come back: the customer or the business asks, the business decides, receives them, and
-- the settlement of the sale gives their price back. A refund equals what the pieces cost: their
-- share of the line, after its discounts, with its tax.

/*
 * Return how many pieces of an item somebody asked to return and has not returned yet.
 */
create function commerce.pieces_asked_back(business_id uuid, order_item_id uuid)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(sum(return_items.quantity), 0)
        from commerce.return_items
        inner join commerce.returns
            on
                returns.business_id = return_items.business_id
                and returns.id = return_items.return_id
                and returns.status in ('requested', 'approved')
        where
            return_items.business_id = pieces_asked_back.business_id
            and return_items.order_item_id = pieces_asked_back.order_item_id
    );
end;
$$;

/*
 * Does an order have a return that waits for a decision or for its pieces?
 */
create function commerce.has_open_return(business_id uuid, order_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from commerce.returns
        where
            returns.business_id = has_open_return.business_id
            and returns.order_id = has_open_return.order_id
            and returns.status in ('requested', 'approved')
    );
end;
$$;

/*
 * Ask to return units of lines that were sent. A customer may do so until the order's
 * returns_until, and claim what was lost or broken at any time; the business any time. Returns its
 * id.
 * Definer: nobody has a write grant on returns; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition quantity_exceeded · PT422 return_window_over
 */
create function commerce.request_return(
    order_id uuid,
    lines commerce.line_quantity[],
    kind commerce.return_kind,
    resolution commerce.return_resolution,
    reason text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_order constant commerce.orders = commerce.lock_order(order_id, '{customer,business}');
    v_id constant uuid = gen_random_uuid();
begin
    perform commerce.require_returnable(v_order, request_return.kind);
    if lines is null then
        lines = array(
            select (units.sale_line_id, units.returnable_units)::commerce.line_quantity
            from commerce.line_units(v_order.id) as units
            where units.returnable_units > 0
        );
    end if;
    if cardinality(lines) = 0 then
        perform private.refuse(
            'PT409', 'quantity_exceeded', 'Nothing of this order can be returned.',
            'Read the view order_items: what was sent and not returned can be.'
        );
    end if;
    perform commerce.require_units(v_order.id, lines, true);
    insert into commerce.returns (
        id, business_id, order_id, kind, resolution, status, reason, requested_by, requested_at
    )
    values (
        v_id, v_order.business_id, v_order.id, request_return.kind, request_return.resolution,
        'requested', request_return.reason,
        (select users.id from auth.users where users.id = auth.uid()), private.now()
    );
    insert into commerce.return_items (business_id, return_id, order_item_id, quantity)
    select v_order.business_id, v_id, piece.order_item_id, piece.quantity
    from unnest(commerce.pieces_of(v_order.id, lines, true)) as piece;
    perform commerce.record_event(v_order, 'return_requested', request_return.reason);
    return v_id;
end;
$$;

/*
 * Refuse an order of which nothing can come back, or not any more.
 *
 * Errors:  PT409 invalid_transition · PT422 return_window_over
 */
create function commerce.require_returnable(
    placed commerce.orders, kind commerce.return_kind
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if placed.status not in ('fulfilling', 'shipped', 'delivered', 'completed') then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('Nothing can be returned of an order that is %s.', placed.status),
            'Read the order again and check its status.'
        );
    elsif kind <> 'claim'
        and placed.returns_until <= private.now()
        and not commerce.actors(placed) && '{business,system}' then
        perform private.refuse(
            'PT422', 'return_window_over', 'The time for returns of this order is over.',
            'Ask the business, or claim what is broken.'
        );
    end if;
end;
$$;

/*
 * Lock a return with its order for a member of the business. Returns it as it is now.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.lock_return(return_id uuid)
returns commerce.returns
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_return commerce.returns;
begin
    select returns.* into v_return
    from commerce.returns
    where returns.id = lock_return.return_id;
    perform commerce.lock_order(v_return.order_id, '{business}');
    select returns.* into v_return
    from commerce.returns
    where returns.id = lock_return.return_id;
    return v_return;
end;
$$;

/*
 * Refuse a step that a return cannot take.
 *
 * Errors:  PT409 invalid_transition
 */
create function commerce.require_return_status(
    asked commerce.returns, from_status commerce.return_status, act text
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if asked.status <> from_status then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('A return that is %s cannot be %s.', asked.status, act),
            'Read the return again and check its status.'
        );
    end if;
end;
$$;

/*
 * Reject a return: its pieces stay with the customer.
 * Definer: nobody has a write grant on returns; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function commerce.reject_return(return_id uuid, note text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_return constant commerce.returns = commerce.lock_return(return_id);
begin
    perform commerce.require_return_status(v_return, 'requested', 'rejected');
    update commerce.returns
    set status = 'rejected', decision_note = note, decided_at = private.now()
    where returns.id = v_return.id;
    perform commerce.record_event(
        commerce.order_now(v_return.order_id), 'return_rejected', reject_return.note
    );
end;
$$;

/*
 * Approve a return. A claim is settled at once: its pieces are replaced, or their price is given
 * back.
 * Definer: nobody has a write grant on returns; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition out_of_stock
 */
create function commerce.approve_return(return_id uuid, note text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_return constant commerce.returns = commerce.lock_return(return_id);
begin
    perform commerce.require_return_status(v_return, 'requested', 'approved');
    update commerce.returns
    set status = 'approved', decision_note = note, decided_at = private.now()
    where returns.id = v_return.id;
    perform commerce.record_event(
        commerce.order_now(v_return.order_id), 'return_approved', approve_return.note
    );
    if v_return.kind = 'claim' then
        perform commerce.settle_return(v_return, null, false);
    end if;
end;
$$;

/*
 * Receive the pieces of a return: into the stock of a store, of the one they came from where none
 * is named, or nowhere if they cannot be sold again.
 * Definer: nobody has a write grant on returns; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition out_of_stock
 */
create function commerce.receive_return(return_id uuid, store_id uuid, restocks boolean)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_return constant commerce.returns = commerce.lock_return(return_id);
begin
    perform commerce.require_return_status(v_return, 'approved', 'received');
    if store_id is not null
        and v_return.business_id <> commerce.business_of_store(store_id, 'serve') then
        perform private.invalid('store_id', 'must be a store of the same business');
    end if;
    perform commerce.settle_return(v_return, receive_return.store_id, restocks);
end;
$$;
