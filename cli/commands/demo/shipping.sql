-- Shipping: the orders that go by post were sent the day after they were paid. Nobody is told of the
-- demo's orders now: it happened before.
do $$
declare
    v_owner constant uuid = (
        select demo_people.id from demo_people where demo_people.email = 'owner@example.com'
    );
    v_ordered demo_orders;
begin
    perform set_config('request.jwt.claims', jsonb_build_object('sub', v_owner)::text, true);
    for v_ordered in
        select demo_orders.* from demo_orders where demo_orders.kind = 'delivery' order by n
    loop
        perform set_config(
            'frontdesk.now', (v_ordered.placed_at + interval '1 day')::text, true
        );
        perform commerce.send_shipment(
            commerce.pack_shipment(v_ordered.order_id, null),
            'DHL',
            'JD0146' || lpad(v_ordered.n::text, 8, '0'),
            null
        );
    end loop;
    perform set_config('request.jwt.claims', '', true);
    perform set_config('frontdesk.now', '', true);
end;
$$;

delete from pgmq.q_notifications
using demo_orders
where q_notifications.message -> 'kwargs' -> 'payload' ->> 'order_id' = demo_orders.order_id::text;
