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
 *          PT409 invalid_transition not_for_sale quantity_exceeded · PT422 return_window_over
 */
create function commerce.request_return(
    order_id uuid,
    lines commerce.line_quantity[],
    kind commerce.return_kind,
    resolution commerce.return_resolution,
    reason text,
    replacements commerce.order_addition[]
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
    perform commerce.write_replacements(v_order, v_id, replacements);
    perform commerce.record_event(v_order, 'return_requested', request_return.reason);
    return v_id;
end;
$$;

/*
 * Write what is to be sent for the pieces of an exchange, at the prices of today.
 *
 * Errors:  PT403 forbidden · PT404 not_found · PT409 not_for_sale
 */
create function commerce.write_replacements(
    placed commerce.orders, return_id uuid, replacements commerce.order_addition[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform commerce.require_prices(placed, replacements);
    insert into commerce.return_replacements (
        business_id, return_id, variant_id, unit_minor, quantity
    )
    select
        placed.business_id, write_replacements.return_id, change.variant_id, change.unit_minor,
        sum(change.quantity)
    from unnest(commerce.price_additions(placed, replacements)) as change
    group by change.variant_id, change.unit_minor;
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
