-- Money: the platform charges 15 %, customers paid some visits of last week and the orders in the
-- sandbox, and each business was paid out once. The sandbox's own books know nothing of it: they belong to a stack, and
-- the demo to a database. A worker opens the payout accounts there.
with plan as (
    insert into money.commission_plans (id, name, tax_treatment)
    values (pg_temp.key('commission plan'), 'Demo', 'vendor_remits')
    returning commission_plans.id
),

tier as (
    insert into money.commission_tiers (id, plan_id, rate_bps)
    select
        pg_temp.key('commission tier'),
        plan.id,
        1500
    from plan
)

insert into money.commission_scopes (id, plan_id, business_id)
select
    pg_temp.key('commission scope ' || demo_businesses.n),
    plan.id,
    demo_businesses.id
from plan
cross join demo_businesses;

insert into money.payout_accounts (business_id, currency, provider)
select
    demo_businesses.id,
    demo_businesses.currency,
    'sandbox'
from demo_businesses;

-- The last three visits that were completed early enough, each paid on its day.
create temporary table demo_payments on commit drop as
select
    pg_temp.key('payment ' || visits.sale_id) as id,
    visits.business_id,
    visits.sale_id,
    visits.customer_id,
    visits.currency,
    visits.ends_at as paid_at,
    sums.amount_minor,
    true as is_delivered
from demo_businesses
cross join demo_size
cross join lateral (
    select bookings.*
    from scheduling.bookings
    where
        bookings.business_id = demo_businesses.id
        and bookings.status = 'completed'
        and bookings.starts_at < demo_size.monday - interval '3 days'
    order by bookings.starts_at desc, bookings.id
    limit 3
) as visits
cross join lateral (
    select sum(sales.line_total(sale_lines))::bigint as amount_minor
    from sales.sale_lines
    where sale_lines.business_id = visits.business_id and sale_lines.sale_id = visits.sale_id
) as sums
where sums.amount_minor > 0
union all
select
    pg_temp.key('payment ' || demo_orders.n || demo_orders.kind),
    demo_orders.business_id,
    demo_orders.sale_id,
    demo_orders.customer_id,
    demo_orders.currency,
    demo_orders.placed_at + interval '1 minute',
    (money.sale_balance(demo_orders.business_id, demo_orders.sale_id)).owed_minor,
    false
from demo_orders;

insert into money.payments (
    id, payer_id, provider, currency, amount_minor, capture, to_capture_minor, provider_reference,
    return_url, expires_at, created_at
)
select
    demo_payments.id,
    demo_payments.customer_id,
    'sandbox',
    demo_payments.currency,
    demo_payments.amount_minor,
    'now',
    demo_payments.amount_minor,
    'pay_demo_' || demo_payments.id,
    'https://example.com/thanks',
    'infinity',
    demo_payments.paid_at
from demo_payments;

insert into money.payment_parts (
    business_id, sale_id, payment_id, provider, currency, amount_minor
)
select
    demo_payments.business_id,
    demo_payments.sale_id,
    demo_payments.id,
    'sandbox',
    demo_payments.currency,
    demo_payments.amount_minor
from demo_payments;

-- As the edge and the workers do it, at the time when it happened.
do $$
declare
    v_payment demo_payments;
    v_payout money.payouts;
begin
    for v_payment in select demo_payments.* from demo_payments order by paid_at, id loop
        perform set_config('frontdesk.now', v_payment.paid_at::text, true);
        if v_payment.is_delivered then
            perform sales.deliver_lines(v_payment.business_id, v_payment.sale_id);
        end if;
        perform money.receive_event(
            jsonb_build_object(
                'provider', 'sandbox', 'event_id', 'evt_demo_' || v_payment.id,
                'kind', 'payment.captured', 'object_reference', 'pay_demo_' || v_payment.id,
                'amount_minor', v_payment.amount_minor, 'currency', v_payment.currency,
                'occurred_at', v_payment.paid_at
            ),
            ''
        );
        perform money.apply_event(events.id)
        from money.provider_events as events
        where events.provider = 'sandbox' and events.event_id = 'evt_demo_' || v_payment.id;
    end loop;
    perform set_config('frontdesk.now', demo_size.monday::text, true) from demo_size;
    perform money.make_payouts(array_agg(id order by n), array_agg(currency order by n), null)
    from demo_businesses;
    update money.payouts set status = 'approved'
    from demo_businesses
    where payouts.business_id = demo_businesses.id and payouts.status = 'pending';
    for v_payout in
        select payouts.*
        from money.payouts
        inner join demo_businesses on demo_businesses.id = payouts.business_id
        order by payouts.business_id
    loop
        perform money.start_payout(v_payout.id);
        perform money.record_payout(v_payout.id, 'succeeded', 'po_demo_' || v_payout.id);
    end loop;
    perform set_config('frontdesk.now', '', true);
end;
$$;

-- A worker opens the accounts. What was just applied and paid needs nobody any more.
delete from pgmq.q_payments
using demo_payments
where q_payments.message -> 'kwargs' ->> 'event_id' = (
    select events.id::text
    from money.provider_events as events
    where events.event_id = 'evt_demo_' || demo_payments.id
);
delete from pgmq.q_payouts
using money.payouts
inner join demo_businesses on demo_businesses.id = payouts.business_id
where q_payouts.message -> 'kwargs' ->> 'payout_id' = payouts.id::text;
select
    private.send_messages(
        'payouts',
        'open_payout_account',
        array_agg(
            jsonb_build_object(
                'business_id', demo_businesses.id, 'currency', demo_businesses.currency
            )
        ),
        array_agg(null::timestamptz),
        array_agg(null::uuid)
    )
from demo_businesses;
