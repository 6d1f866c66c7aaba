-- The figures of a period, counted once more, straight from the rows of each domain. It was written
-- from the definitions of docs/analytics.md and shares nothing with sql/90_insight.
with place as (
    select id, time_zone as zone from business.businesses where id = %(business)s
),

visits as (
    select bookings.*, (bookings.starts_at at time zone place.zone)::date as day
    from scheduling.bookings join place on place.id = bookings.business_id
),

bought as (
    select
        sales.*,
        (placed_at at time zone place.zone)::date as day,
        case
            when customer_id is not null then 'user ' || customer_id
            when customer_email is not null then 'mail ' || lower(customer_email)
            when customer_phone is not null then 'phone ' || customer_phone
        end as person
    from sales.sales join place on place.id = sales.business_id
),

written as (
    select
        sale_lines.*,
        bought.currency,
        amount_minor - discount_minor + (not tax_is_included)::int * tax_minor as total,
        (revisions.at at time zone place.zone)::date as day
    from sales.sale_revisions as revisions
    join place on place.id = revisions.business_id
    join bought on bought.id = revisions.sale_id
    join sales.sale_lines
        on sale_lines.sale_id = revisions.sale_id and sale_lines.revision = revisions.revision
    where sale_lines.kind <> 'gift_card'
),

moved as (
    select
        accounts.currency,
        transactions.cause_kind as cause,
        entries.amount_minor as amount,
        (transactions.at at time zone place.zone)::date as day
    from money.entries
    join money.transactions using (number)
    join money.accounts on accounts.id = entries.account_id
    join place on place.id = accounts.business_id
    where accounts.kind in ('business_pending', 'business_payable')
),

told as (
    select 'status ' || status as figure, count(*) as amount from visits
    where day between %(from)s and %(to)s group by status
    union all
    select 'sold ' || currency, sum(total) from written
    where day between %(from)s and %(to)s group by currency
    union all
    select 'tax ' || currency, sum(tax_minor) from written
    where day between %(from)s and %(to)s group by currency
    union all
    select
        'revenue ' || currency,
        - sum(amount) from moved
    where
        day between %(from)s and %(to)s
        and cause in ('capture', 'refund', 'dispute_lost', 'gift_card.sold', 'gift_card.cancelled')
    group by currency
    union all
    select 'new', count(*) from (
        select person, min(day) as first_day from bought where person is not null group by person
    ) as people where first_day between %(from)s and %(to)s
    union all
    select 'returning', count(*) from (
        select distinct bought.person, bought.day from bought
        join (select person, min(day) as first_day from bought group by person) as people
            on people.person = bought.person and people.first_day < bought.day
        where bought.day between %(from)s and %(to)s
    ) as days
    union all
    select 'lead', sum(greatest(0, floor(extract(epoch from starts_at - created_at) / 60)))
    from visits
    where day between %(from)s and %(to)s and status not in ('held', 'expired')
    union all
    select 'booked', sum(duration_minutes) from scheduling.booking_items
    join visits on visits.id = booking_items.booking_id
    where
        day between %(from)s and %(to)s and cancelled_at is null and resource_id is not null
        and status in ('confirmed', 'checked_in', 'completed', 'no_show')
    union all
    -- Hours that touch no midnight and no change of the clock, so the wall clock counts.
    select 'open', sum(extract(epoch from closes_at - opens_at) / 60)
    from place
    cross join generate_series(%(from)s::date, %(to)s::date, '1 day') as days (at)
    join catalog.working_hours
        on working_hours.business_id = place.id and weekday = extract(isodow from days.at)
    join catalog.resources on resources.business_id = place.id and is_active and kind = 'staff'
    where not exists (
        select 1 from business.closures
        where closures.business_id = place.id and days.at::date between starts_on and ends_on
    )
    union all
    select 'service ' || service_id || ' ' || currency, sum(total) from written
    where day between %(from)s and %(to)s and service_id is not null group by service_id, currency
    union all
    select 'product ' || product_id || ' ' || currency, sum(total) from written
    join catalog.product_variants on product_variants.id = written.variant_id
    where day between %(from)s and %(to)s group by product_id, currency
    union all
    select 'staff ' || resource_id || ' ' || written.currency, sum(total) from written
    join scheduling.booking_items
        on booking_items.sale_line_id = coalesce(written.corrects_line_id, written.id)
    where day between %(from)s and %(to)s and resource_id is not null
    group by resource_id, written.currency
)

select figure, amount::bigint from told where amount <> 0
