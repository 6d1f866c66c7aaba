-- What is added to an order that exists: at which price, from which store, on which line. Additions
-- are priced by the lists and rules of the business, at the taxes of the day; promotions and
-- allowances belong to what was ordered first.

/*
 * Return additions as lines of the order's sale, at the prices of today or at those that they name.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 not_for_sale
 */
create function commerce.price_additions(
    placed commerce.orders, added commerce.order_addition[]
)
returns sales.change[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_tools constant pricing.tools = pricing.tools_of(placed.business_id);
    v_context constant pricing.context = pricing.context_for(
        commerce.pricing_context(placed), v_tools
    );
    v_lines pricing.line[] = commerce.lines_to_add(placed.business_id, added);
begin
    if v_lines = '{}' then
        return '{}';
    end if;
    v_lines = pricing.listed_lines(v_lines, v_context, v_tools);
    for v_place in 1 .. cardinality(v_lines) loop
        v_lines[v_place].unit_minor = coalesce(
            added[v_place].unit_minor, v_lines[v_place].unit_minor
        );
    end loop;
    return sales.additions_of(pricing.add_taxes(pricing.list_lines(v_lines, '{}'), v_context));
end;
$$;

/*
 * Return who buys with an order, and where it goes, as prices and taxes ask for it.
 */
create function commerce.pricing_context(placed commerce.orders)
returns pricing.context
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return pricing.for_buyer(
        pricing.make_terms(
            currency => commerce.currency_of(placed),
            store_id => case placed.delivery_kind when 'pickup' then placed.store_id end,
            region => case placed.delivery_kind
                when 'delivery' then commerce.region_of(placed.address)
            end
        ),
        placed.business_id,
        placed.customer_id
    );
end;
$$;

/*
 * Return the currency of an order: that of its sale.
 */
create function commerce.currency_of(placed commerce.orders)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select sales.currency
        from sales.sales
        where sales.business_id = placed.business_id and sales.id = placed.sale_id
    );
end;
$$;

/*
 * Return additions as lines to price, in their order. Variants of other businesses, and those that
 * are not for sale, are refused.
 *
 * Errors:  PT404 not_found · PT409 not_for_sale
 */
create function commerce.lines_to_add(business_id uuid, added commerce.order_addition[])
returns pricing.line[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_addition commerce.order_addition;
    v_goods record;
    v_lines pricing.line[] = '{}';
begin
    foreach v_addition in array added loop
        select goods.line, goods.is_available into v_goods
        from commerce.variant_line(
            lines_to_add.business_id, v_addition.variant_id, v_addition.quantity
        ) as goods;
        if not found then
            perform commerce.refuse_unknown_variant();
        elsif not v_goods.is_available then
            perform private.refuse(
                'PT409', 'not_for_sale',
                format('%s is not for sale any more.', (v_goods.line).name),
                'Choose another variant.'
            );
        end if;
        v_lines = v_lines || v_goods.line;
    end loop;
    return v_lines;
end;
$$;

/*
 * Return how an order reaches its buyer. What is added comes from the same store, unless its
 * delivery option allows several.
 */
create function commerce.choice_of(placed commerce.orders)
returns commerce.delivery_choice
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_choice commerce.delivery_choice;
begin
    select delivery_options.can_split, delivery_options.store_id
    into v_choice.can_split, v_choice.store_id
    from commerce.delivery_options
    where
        delivery_options.business_id = placed.business_id
        and delivery_options.id = placed.delivery_option_id;
    v_choice.business_id = placed.business_id;
    v_choice.option_id = placed.delivery_option_id;
    v_choice.kind = placed.delivery_kind;
    v_choice.can_split = coalesce(v_choice.can_split, false);
    if not v_choice.can_split then
        v_choice.store_id = placed.store_id;
    end if;
    return v_choice;
end;
$$;

/*
 * Return the levels from which additions to an order may come.
 */
create function commerce.moves_of_additions(
    placed commerce.orders, added commerce.order_addition[]
)
returns commerce.stock_move[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select (store.id, item.variant_id, item.quantity)::commerce.stock_move
        from unnest(
            commerce.demand_of(
                array(select addition.variant_id from unnest(added) as addition),
                array(select addition.quantity from unnest(added) as addition)
            )
        ) as item
        cross join unnest(
            commerce.stores_to_take_from(commerce.choice_of(placed))
        ) as store (id)
    );
end;
$$;

/*
 * Write a revision of an order's sale that has additions: take their pieces out of stock, write the
 * lines, and add items for the new ones. The caller holds the locks of the order and of the levels.
 * Returns the lines that were added.
 *
 * Errors:  PT409 out_of_stock
 */
create function commerce.write_additions(
    placed commerce.orders, added commerce.order_addition[], changes sales.change[]
)
returns commerce.line_quantity[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_parts constant commerce.stock_part[] = commerce.take_additions(placed, added);
    v_revision constant integer = sales.revise_sale(
        placed.business_id, placed.sale_id, 'corrected', changes
    );
    v_line_ids constant uuid[] = array(
        select sale_lines.id
        from sales.sale_lines
        where
            sale_lines.business_id = placed.business_id
            and sale_lines.sale_id = placed.sale_id
            and sale_lines.revision = v_revision
            and sale_lines.corrects_line_id is null
        order by sale_lines.position
    );
begin
    perform commerce.insert_items(
        placed, commerce.order_lines(placed.business_id, v_line_ids, v_parts)
    );
    perform commerce.forget_only_store(placed);
    return array(
        select (line.id, added[line.place].quantity)::commerce.line_quantity
        from unnest(v_line_ids) with ordinality as line (id, place)
    );
end;
$$;

/*
 * Take the pieces of additions out of stock. Returns from which store how many of each come.
 *
 * Errors:  PT409 out_of_stock
 */
create function commerce.take_additions(
    placed commerce.orders, added commerce.order_addition[]
)
returns commerce.stock_part[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if added = '{}' then
        return '{}';
    end if;
    return commerce.take_goods(
        commerce.choice_of(placed),
        array(select addition.variant_id from unnest(added) as addition),
        array(select addition.quantity from unnest(added) as addition)
    );
end;
$$;

/*
 * Note that a delivery comes from several stores, once it does.
 */
create function commerce.forget_only_store(placed commerce.orders)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update commerce.orders
    set store_id = null
    where
        orders.id = placed.id
        and orders.delivery_kind = 'delivery'
        and orders.store_id is not null
        and exists (
            select 1
            from commerce.order_items
            where
                order_items.business_id = placed.business_id
                and order_items.order_id = placed.id
                and order_items.store_id <> orders.store_id
        );
end;
$$;
