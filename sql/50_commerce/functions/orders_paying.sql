-- What orders have to do with payments and time. Money knows sales and nothing of orders; it is an
-- order that listens to the parts of payments of its sale. An order that nobody pays in time
-- expires: its pieces go back, its sale is voided, and what was paid of it is given back.

/*
 * Move an order whose sale is paid now to `paid`. When its time was gone, it says so: the payment
 * is given back, because the sale owes nothing any more. Never refuses: the money has come.
 * Definer: whoever records a payment has no rights on orders.
 */
create function commerce.pay_order(order_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_order commerce.orders;
begin
    select orders.* into v_order
    from commerce.orders
    where orders.id = pay_order.order_id
    for update;
    if v_order.status = 'pending' and commerce.is_paid(v_order) then
        perform commerce.change_status(v_order, 'paid', null);
    elsif v_order.status in ('expired', 'cancelled') then
        perform commerce.record_event(v_order, 'paid_too_late', null);
    end if;
end;
$$;

/*
 * End an order before anything of it was sent: its pieces go back, and its sale is voided with its
 * shipping and the gift cards that are not paid. The caller holds the locks of the order and of its
 * levels.
 */
create function commerce.end_order(
    placed commerce.orders, to_status commerce.order_status, reason text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_lines constant commerce.line_quantity[] = array(
        select (units.sale_line_id, units.open_units)::commerce.line_quantity
        from commerce.line_units(placed.id) as units
        where units.open_units > 0
    );
begin
    perform commerce.cancel_units(
        placed,
        v_lines,
        end_order.to_status::text::sales.revision_cause,
        end_order.reason,
        commerce.take_back_shipping(placed.business_id, placed.sale_id)
        || money.void_gift_cards(placed.business_id, placed.sale_id)
    );
    perform commerce.change_status(placed, end_order.to_status, end_order.reason);
end;
$$;

/*
 * Expire the orders that were not paid in time, and complete those that nobody can return pieces
 * of any more. Returns how many. Several workers may run it at once; each skips the orders that
 * another has locked.
 * Definer: called by the worker, which has no access to the tables.
 */
create function commerce.apply_due_steps(batch_size integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_order commerce.orders;
    v_orders commerce.orders[] = commerce.lock_due_orders(batch_size);
begin
    perform commerce.lock_levels_of(
        array(select due.id from unnest(v_orders) as due where due.status = 'pending')
    );
    foreach v_order in array v_orders loop
        if v_order.status = 'delivered' then
            perform commerce.change_status(v_order, 'completed', null);
        else
            perform commerce.end_order(v_order, 'expired', null);
        end if;
    end loop;
    return cardinality(v_orders);
end;
$$;

/*
 * Lock orders whose time is over: unpaid ones that expire, and delivered ones past their returns of
 * which no return is open.
 */
create function commerce.lock_due_orders(batch_size integer)
returns commerce.orders[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return array(
        select orders
        from commerce.orders
        where orders.status = 'pending' and orders.expires_at <= private.now()
        order by orders.expires_at, orders.id
        limit lock_due_orders.batch_size
        for update skip locked
    ) || array(
        select orders
        from commerce.orders
        where
            orders.status = 'delivered'
            and orders.returns_until <= private.now()
            and not commerce.has_open_return(orders.business_id, orders.id)
        order by orders.returns_until, orders.id
        limit lock_due_orders.batch_size
        for update skip locked
    );
end;
$$;
