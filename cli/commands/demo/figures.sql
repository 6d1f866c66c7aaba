-- Visits of the last four weeks, and the days of all figures: bookings, sales and the ledger were
-- written without the triggers that note them. The worker counts the days.
insert into insight.takings (business_id, number, at, kind, currency, amount_minor)
select takings.*
from money.transactions
cross join lateral insight.takings_of(transactions) as takings
where
    transactions.cause_kind in (
        'capture', 'refund', 'dispute_lost', 'gift_card.sold', 'gift_card.cancelled'
    )
on conflict do nothing;

insert into insight.day_changes (business_id, from_on, to_on)
select
    demo_businesses.id,
    '-infinity',
    'infinity'
from demo_businesses;

select insight.note_past_days();

select insight.keep_event_months();

-- Of 40 visits a day 20 go on to a cart, 10 to a checkout and 5 pay.
insert into insight.events (at, name, business_id, session_id, product_id)
select
    visits.at + make_interval(mins => 3 * steps.number),
    steps.name::insight.event_name,
    visits.business_id,
    visits.session_id,
    case steps.name when 'product_viewed' then visits.product_id end
from (
    select
        demo_businesses.id as business_id,
        shown.product_id,
        numbers.n,
        md5(concat(demo_businesses.id, days.at, numbers.n))::uuid as session_id,
        days.at + make_interval(mins => 480 + 15 * numbers.n) as at
    from demo_businesses
    left join lateral (
        select products.id as product_id
        from catalog.products
        where products.business_id = demo_businesses.id
        order by products.slug
        limit 1
    ) as shown on true
    cross join generate_series(0, 39) as numbers (n)
    cross join (
        select date_trunc('day', now()) - make_interval(days => ago.n) as at
        from generate_series(1, 28) as ago (n)
    ) as days
    order by demo_businesses.id
    limit 40000
) as visits
inner join (
    values
    ('visited', 0, 1), ('product_viewed', 1, 1), ('added_to_cart', 2, 2),
    ('checkout_started', 3, 4), ('paid', 4, 8)
) as steps (name, number, one_of) on visits.n % steps.one_of = 0;
