-- Orders: each shop has one that waits to be picked up, and one that was sent by post. They are placed
-- as checkout does it, at the time when it happened; money.sql pays them, and shipping.sql sends the
-- second.
insert into commerce.delivery_options (
    id, business_id, name, kind, currency, price_minor, position
)
select
    pg_temp.key('delivery ' || options.kind || demo_shops.n),
    demo_shops.id,
    options.name,
    options.kind::commerce.delivery_kind,
    demo_shops.currency,
    round(options.price * demo_shops.unit),
    options.position
from demo_shops
cross join (
    values ('pickup', 'In the shop', 0, 1), ('delivery', 'Post', 5, 2)
) as options (kind, name, price, position);

create temporary table demo_orders on commit drop as
select
    demo_shops.id as business_id,
    demo_shops.n,
    demo_shops.currency,
    orders.kind::commerce.delivery_kind as kind,
    orders.sku,
    orders.quantity,
    demo_people.id as customer_id,
    demo_people.full_name,
    demo_people.email,
    demo_size.monday - orders.days_ago * interval '1 day' as placed_at,
    null::uuid as sale_id,
    null::uuid as order_id
from demo_shops
cross join demo_size
cross join (
    values (1, 'pickup', 'CREAM', 1, 1), (2, 'delivery', 'OIL-50', 2, 3)
) as orders (place, kind, sku, quantity, days_ago)
inner join demo_people on demo_people.n = 2 * demo_shops.n + orders.place;

create function pg_temp.delivery_of(ordered demo_orders)
returns commerce.delivery_choice
language plpgsql
stable
as $$
declare
    v_choice commerce.delivery_choice;
begin
    v_choice.business_id = ordered.business_id;
    v_choice.option_id = pg_temp.key('delivery ' || ordered.kind || ordered.n);
    v_choice.kind = ordered.kind;
    v_choice.store_id = pg_temp.key('store ' || ordered.n);
    v_choice.can_split = false;
    return v_choice;
end;
$$;

create function pg_temp.sell_goods(ordered demo_orders)
returns uuid
language plpgsql
as $$
declare
    v_lines pricing.line[] = array(
        select goods.line
        from commerce.variant_line(
            ordered.business_id,
            pg_temp.key('variant ' || ordered.sku || ordered.n),
            ordered.quantity
        ) as goods
    );
begin
    if ordered.kind = 'delivery' then
        v_lines = v_lines || pricing.make_line(
            'shipping',
            delivery_options.name,
            1,
            delivery_options.price_minor,
            delivery_options.currency,
            jsonb_build_object('tax_class', delivery_options.tax_class)
        )
        from commerce.delivery_options
        where delivery_options.id = pg_temp.key('delivery delivery' || ordered.n);
    end if;
    return sales.place_sale(
        ordered.business_id,
        ordered.customer_id,
        ordered.full_name,
        ordered.email,
        null,
        pricing.quote(
            v_lines,
            pricing.for_buyer(pricing.make_terms(), ordered.business_id, ordered.customer_id)
        )
    );
end;
$$;

do $$
declare
    v_ordered demo_orders;
    v_parts commerce.stock_part[];
begin
    for v_ordered in select demo_orders.* from demo_orders order by n, placed_at loop
        perform set_config('frontdesk.now', v_ordered.placed_at::text, true);
        perform set_config(
            'request.jwt.claims', jsonb_build_object('sub', v_ordered.customer_id)::text, true
        );
        v_ordered.sale_id = pg_temp.sell_goods(v_ordered);
        v_parts = commerce.take_goods(
            pg_temp.delivery_of(v_ordered),
            array[pg_temp.key('variant ' || v_ordered.sku || v_ordered.n)],
            array[v_ordered.quantity]
        );
        update demo_orders
        set
            sale_id = v_ordered.sale_id,
            order_id = commerce.place_order(
                v_ordered.business_id,
                v_ordered.sale_id,
                v_ordered.customer_id,
                jsonb_build_object(
                    'kind', v_ordered.kind,
                    'store_id', pg_temp.key('store ' || v_ordered.n),
                    'delivery_option_id', pg_temp.key('delivery ' || v_ordered.kind || v_ordered.n),
                    'address', case v_ordered.kind when 'delivery' then jsonb_build_object(
                        'name', v_ordered.full_name, 'line1', 'Park Street 1', 'city', 'Springfield'
                    ) end
                ),
                commerce.order_lines(
                    v_ordered.business_id,
                    array(
                        select sale_lines.id
                        from sales.sale_lines
                        where
                            sale_lines.sale_id = v_ordered.sale_id
                            and sale_lines.kind = 'product'
                    ),
                    v_parts
                ),
                v_ordered.placed_at + interval '1 day',
                false
            )
        where demo_orders.n = v_ordered.n and demo_orders.kind = v_ordered.kind;
    end loop;
    perform set_config('request.jwt.claims', '', true);
    perform set_config('frontdesk.now', '', true);
end;
$$;
