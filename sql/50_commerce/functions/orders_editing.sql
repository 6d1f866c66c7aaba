-- How an order is changed after it was placed: units of variants are added, and units that were not
-- sent are taken off, in one transaction with its sale and with stock. What it costs more is paid
-- before anything more is sent; what it costs less is given back by the settlement of its sale.

/*
 * Change an order: add units of variants, and take units of its lines off. Its customer may do so
 * until something was sent, the business as long as something is open. Returns what it costs now,
 * as commerce.settlement_of_change. `total_minor` is the total that the caller accepted.
 * Definer: nobody has a write grant on orders; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile credit_limit_exceeded invalid_transition not_for_sale
 *              order_limit_exceeded out_of_stock price_changed quantity_exceeded
 *          PT422 pack_size terms_not_agreed
 */
create function commerce.change_order(
    order_id uuid,
    added commerce.order_addition[],
    removed commerce.line_quantity[],
    reason text,
    version integer,
    total_minor bigint
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_order constant commerce.orders = commerce.lock_order(order_id, '{customer,business}');
    v_changes sales.change[];
    v_difference bigint;
    v_lines commerce.line_quantity[];
begin
    perform commerce.require_version(v_order, change_order.version);
    v_changes = commerce.changes_to_write(v_order, added, removed);
    v_difference = commerce.cost_of_changes(v_order, v_changes);
    perform commerce.require_accepted_total(v_order, v_difference, change_order.total_minor);
    perform commerce.require_terms_of_change(v_order, added, v_difference);
    perform commerce.lock_moved_levels(
        v_order.business_id,
        commerce.moves_of(commerce.pieces_of(v_order.id, removed, false))
        || commerce.moves_of_additions(v_order, added)
    );
    perform commerce.release_units(v_order, removed);
    v_lines = commerce.write_additions(v_order, added, v_changes);
    perform commerce.record_change(v_order, 'edited', removed, change_order.reason, v_lines);
    perform commerce.follow_pieces(
        commerce.order_now(v_order.id), 'changed', change_order.reason
    );
    return commerce.settlement_of_change(commerce.order_now(v_order.id), v_difference, 0);
end;
$$;

/*
 * Return what a change of an order would cost, as commerce.settlement_of_change.
 * Definer: customers read neither price lists nor the payments of others for their sale.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition not_for_sale quantity_exceeded
 */
create function commerce.quote_change(
    order_id uuid, added commerce.order_addition[], removed commerce.line_quantity[]
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_order commerce.orders;
    v_difference bigint;
begin
    select orders.* into v_order
    from commerce.orders
    where orders.id = quote_change.order_id;
    perform commerce.require_actor(v_order, '{customer,business}');
    v_difference = commerce.cost_of_changes(
        v_order, commerce.changes_to_write(v_order, added, removed)
    );
    return commerce.settlement_of_change(v_order, v_difference, v_difference);
end;
$$;

/*
 * Return the lines by which a change revises the sale of an order: those that take units back, then
 * those that are added.
 *
 * Errors:  PT400 invalid_input · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition not_for_sale quantity_exceeded
 */
create function commerce.changes_to_write(
    placed commerce.orders,
    added commerce.order_addition[],
    removed commerce.line_quantity[]
)
returns sales.change[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    perform commerce.require_open(placed, false, 'changed');
    perform commerce.require_prices(placed, added);
    perform commerce.require_units(placed.id, removed, false);
    return commerce.take_back_lines(placed.id, removed)
        || commerce.price_additions(placed, added);
end;
$$;

/*
 * Refuse a price that somebody else than the business names.
 *
 * Errors:  PT403 forbidden
 */
create function commerce.require_prices(
    placed commerce.orders, added commerce.order_addition[]
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not commerce.actors(placed) && '{business,system}' and exists (
        select 1 from unnest(added) as addition where addition.unit_minor is not null
    ) then
        perform private.refuse(
            'PT403', 'forbidden', 'Only the business can name a price.',
            'Leave unit_minor out.'
        );
    end if;
end;
$$;

/*
 * Return how much more an order costs with some changes, its taxes included; less than 0: less.
 */
create function commerce.cost_of_changes(placed commerce.orders, changes sales.change[])
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(sum(total.minor), 0)
        from unnest(
            sales.totals_of_changes(placed.business_id, placed.sale_id, changes)
        ) as total (minor)
    );
end;
$$;

/*
 * Refuse a change at another total of the order than the caller accepted; null: whatever it is.
 *
 * Errors:  PT409 price_changed
 */
create function commerce.require_accepted_total(
    placed commerce.orders, difference_minor bigint, total_minor bigint
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if require_accepted_total.total_minor <> difference_minor + (
        money.sale_balance(placed.business_id, placed.sale_id)
    ).owed_minor then
        perform pricing.refuse_changed_price();
    end if;
end;
$$;

/*
 * Refuse a change that does not keep to the terms of a wholesale buyer: packs stay whole, and with
 * net terms the order stays within the credit. The account is locked until the transaction ends.
 *
 * Errors:  PT409 credit_limit_exceeded order_limit_exceeded · PT422 pack_size terms_not_agreed
 */
create function commerce.require_terms_of_change(
    placed commerce.orders, added commerce.order_addition[], difference_minor bigint
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_terms commerce.buying_terms = commerce.lock_terms(placed.business_id, placed.customer_id);
    v_open constant bigint = (
        money.sale_balance(placed.business_id, placed.sale_id)
    ).balance_minor;
begin
    if v_terms.wholesale_account_id is null then
        return;
    end if;
    perform commerce.require_packs(
        placed.business_id,
        array(
            select (addition.variant_id, addition.quantity)::commerce.stock_item
            from unnest(added) as addition
        )
    );
    if placed.pays_later and difference_minor > 0 then
        -- What is open of this order already uses the credit.
        v_terms.credit_limit_minor = v_terms.credit_limit_minor + greatest(v_open, 0);
        perform commerce.require_credit(
            v_terms, v_open + difference_minor, commerce.currency_of(placed)
        );
    end if;
end;
$$;

/*
 * Return what a change of an order comes to: {order_id, version, currency, difference_minor,
 * total_minor, open_minor, refund_minor}. `to_come_minor` is what its sale does not have yet.
 */
create function commerce.settlement_of_change(
    placed commerce.orders, difference_minor bigint, to_come_minor bigint
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_sale constant record = money.sale_balance(placed.business_id, placed.sale_id);
    v_total constant bigint = v_sale.owed_minor + to_come_minor;
begin
    return jsonb_build_object(
        'order_id', placed.id,
        'version', placed.version,
        'currency', commerce.currency_of(placed),
        'difference_minor', settlement_of_change.difference_minor,
        'total_minor', v_total,
        'open_minor', greatest(v_sale.balance_minor + to_come_minor, 0),
        'refund_minor', greatest(
            v_sale.captured_minor - v_sale.returned_minor - greatest(v_total, 0), 0
        )
    );
end;
$$;
