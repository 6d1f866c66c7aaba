-- Writes what the bookings of demo_bookings were sold for, as the rules of sql/44_bookings would have done.

insert into sales.sales (
    id, business_id, customer_id, customer_name, customer_email, currency, placed_at
)
select
    bookings.sale_id,
    bookings.business_id,
    bookings.customer_id,
    bookings.customer_name,
    bookings.customer_email,
    bookings.currency,
    bookings.created_at
from scheduling.bookings
inner join demo_bookings on demo_bookings.id = bookings.id;

insert into sales.sale_revisions (business_id, sale_id, revision, cause, actor_id, at)
select
    sales.business_id,
    sales.id,
    0,
    'agreed',
    coalesce(sales.customer_id, owners.id),
    sales.placed_at
from sales.sales
inner join demo_people as owners on owners.email = 'owner@example.com'
inner join scheduling.bookings on bookings.sale_id = sales.id
inner join demo_bookings on demo_bookings.id = bookings.id;

insert into sales.sale_lines (
    id, business_id, sale_id, position, revision, kind, service_id, name, quantity, unit_minor,
    amount_minor, tax_minor
)
select
    demo_bookings.item_id,
    demo_bookings.business_id,
    bookings.sale_id,
    1,
    0,
    'service',
    demo_bookings.service_id,
    demo_bookings.service_name,
    demo_bookings.party_size,
    demo_bookings.unit_minor,
    demo_bookings.total_minor,
    demo_bookings.tax_minor
from demo_bookings
inner join scheduling.bookings on bookings.id = demo_bookings.id;

insert into sales.sale_line_taxes (
    business_id, sale_line_id, component, rate_bps, position, is_compound, jurisdiction,
    base_minor, tax_minor
)
select
    demo_bookings.business_id,
    demo_bookings.item_id,
    demo_bookings.tax_component,
    demo_bookings.tax_rate_bps,
    1,
    false,
    demo_bookings.tax_jurisdiction,
    demo_bookings.total_minor - demo_bookings.tax_minor,
    demo_bookings.tax_minor
from demo_bookings
where demo_bookings.tax_component <> 'none';

insert into sales.sale_taxes (
    business_id, sale_id, revision, component, rate_bps, base_minor, tax_minor, jurisdiction,
    rounding_unit, rounding_mode
)
select
    demo_bookings.business_id,
    bookings.sale_id,
    0,
    demo_bookings.tax_component,
    demo_bookings.tax_rate_bps,
    demo_bookings.total_minor - demo_bookings.tax_minor,
    demo_bookings.tax_minor,
    demo_bookings.tax_jurisdiction,
    demo_bookings.rounding_unit,
    demo_bookings.rounding_mode
from demo_bookings
inner join scheduling.bookings on bookings.id = demo_bookings.id;

-- Those that were cancelled or missed are revised as they would have been then.
select
    sales.revise_sale(
        bookings.business_id,
        bookings.sale_id,
        bookings.status::text::sales.revision_cause,
        scheduling.sale_changes(bookings, bookings.status::text::sales.revision_cause)
    )
from scheduling.bookings
inner join demo_bookings on demo_bookings.id = bookings.id
where bookings.status in ('cancelled', 'no_show');

drop table demo_bookings;
