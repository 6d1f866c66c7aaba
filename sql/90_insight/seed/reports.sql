-- What reports can ask for. To add a dimension or a measure, add a row here: the name of a column
-- of the rows of its subject is all that the compiler needs.
insert into insight.report_subjects (name, description, part, view_name, instant_column)
values
('business', 'Figures of days of the business.', 'business', null, null),
('channels', 'Figures of days by who made the booking or order.', 'channel', null, null),
('services', 'Figures of days by service.', 'service', null, null),
('resources', 'Figures of days by person, room or piece of equipment.', 'resource', null, null),
('products', 'Figures of days by product.', 'product', null, null),
('bookings', 'Bookings by the day on which they start.', null, 'bookings', 'starts_at'),
('orders', 'Orders by the day on which they were placed.', null, 'orders', 'placed_at'),
('payments', 'Payments by the day on which they began.', null, 'payment_parts', 'created_at'),
('sales', 'Sales by the day on which they were made.', null, 'sales', 'placed_at')
on conflict (name) do update
    set
        description = excluded.description,
        part = excluded.part,
        view_name = excluded.view_name,
        instant_column = excluded.instant_column;

-- Every subject has the periods in which a day lies.
insert into insight.report_fields (subject, name, kind, description, position, grain)
select
    report_subjects.name as subject,
    periods.name,
    'dimension'::insight.report_field_kind as kind,
    periods.description,
    periods.position,
    periods.name as grain
from insight.report_subjects
cross join (
    values
    ('day', 'The day.', 1),
    ('week', 'The Monday of the week.', 2),
    ('month', 'The first day of the month.', 3),
    ('quarter', 'The first day of the quarter.', 4),
    ('year', 'The first day of the year.', 5),
    ('weekday', 'The weekday: 1 is Monday, 7 is Sunday.', 6)
) as periods (name, description, position)
on conflict (subject, name) do update
    set description = excluded.description, position = excluded.position;

-- Dimensions that are columns.
insert into insight.report_fields (subject, name, kind, description, position, column_name)
values
('channels', 'channel', 'dimension', 'online, business, system or other.', 7, 'part_id'),
('services', 'service_id', 'dimension', 'The service.', 7, 'part_id'),
('services', 'service', 'dimension', 'Its name.', 8, 'part_name'),
('resources', 'resource_id', 'dimension', 'The resource.', 7, 'part_id'),
('resources', 'resource', 'dimension', 'Its name.', 8, 'part_name'),
('products', 'product_id', 'dimension', 'The product.', 7, 'part_id'),
('products', 'product', 'dimension', 'Its name.', 8, 'part_name'),
('business', 'currency', 'dimension', 'ISO 4217; XXX for figures without one.', 9, 'currency'),
('channels', 'currency', 'dimension', 'ISO 4217; XXX for figures without one.', 9, 'currency'),
('services', 'currency', 'dimension', 'ISO 4217; XXX for figures without one.', 9, 'currency'),
('resources', 'currency', 'dimension', 'ISO 4217; XXX for figures without one.', 9, 'currency'),
('products', 'currency', 'dimension', 'ISO 4217; XXX for figures without one.', 9, 'currency'),
('bookings', 'status', 'dimension', 'The status.', 7, 'status'),
('bookings', 'currency', 'dimension', 'ISO 4217 code.', 8, 'currency'),
('bookings', 'party_size', 'dimension', 'Number of guests.', 9, 'party_size'),
('orders', 'status', 'dimension', 'The status.', 7, 'status'),
('orders', 'delivery_kind', 'dimension', 'pickup or delivery.', 8, 'delivery_kind'),
('orders', 'store_id', 'dimension', 'The store.', 9, 'store_id'),
('payments', 'status', 'dimension', 'The status.', 7, 'status'),
('payments', 'provider', 'dimension', 'With whom it is paid.', 8, 'provider'),
('payments', 'currency', 'dimension', 'ISO 4217 code.', 9, 'currency'),
('sales', 'currency', 'dimension', 'ISO 4217 code.', 7, 'currency')
on conflict (subject, name) do update
    set
        description = excluded.description,
        position = excluded.position,
        column_name = excluded.column_name;

-- Measures of days have the names of their figures.
insert into insight.report_fields (
    subject, name, kind, description, position, column_name, is_money
)
select
    subjects.name as subject,
    measures.name,
    'measure'::insight.report_field_kind as kind,
    measures.description,
    measures.position,
    measures.name as column_name,
    measures.name like '%\_minor' as is_money
from (
    values
    (
        '{business,channels,services,resources}',
        'bookings',
        'Number of bookings that are neither held nor expired.',
        20
    ),
    ('{business,channels,services,resources}', 'held', 'Number of bookings that are held.', 21),
    (
        '{business,channels,services,resources}',
        'pending_payment',
        'Number of bookings that are pending payment.',
        22
    ),
    (
        '{business,channels,services,resources}',
        'pending',
        'Number of bookings that are pending.',
        23
    ),
    (
        '{business,channels,services,resources}',
        'confirmed',
        'Number of bookings that are confirmed.',
        24
    ),
    (
        '{business,channels,services,resources}',
        'checked_in',
        'Number of bookings that are checked in.',
        25
    ),
    (
        '{business,channels,services,resources}',
        'completed',
        'Number of bookings that are completed.',
        26
    ),
    (
        '{business,channels,services,resources}',
        'cancelled',
        'Number of bookings that are cancelled.',
        27
    ),
    (
        '{business,channels,services,resources}',
        'rejected',
        'Number of bookings that are rejected.',
        28
    ),
    (
        '{business,channels,services,resources}',
        'no_show',
        'Number of bookings that are no show.',
        29
    ),
    (
        '{business,channels,services,resources}',
        'expired',
        'Number of bookings that are expired.',
        30
    ),
    (
        '{business,channels}',
        'lead_minutes',
        'Minutes from making bookings to their starts, added up.',
        31
    ),
    (
        '{business,services,resources}',
        'booked_minutes',
        'Minutes of resources that are booked.',
        32
    ),
    (
        '{business,resources}',
        'open_minutes',
        'Minutes in which resources are open, times their places.',
        33
    ),
    ('{business}', 'new_customers', 'Customers who bought for the first time.', 34),
    ('{business}', 'returning_customers', 'Customers who had bought on an earlier day.', 35),
    ('{products}', 'units', 'Pieces sold.', 36),
    (
        '{business,channels,services,resources,products}',
        'sold_minor',
        'Lines of sales after discounts, with tax.',
        37
    ),
    (
        '{business,channels,services,resources,products}',
        'tax_minor',
        'The tax in sold_minor.',
        38
    ),
    ('{business}', 'captured_minor', 'What payments brought.', 39),
    ('{business}', 'refunded_minor', 'What refunds gave back.', 40),
    ('{business}', 'disputed_minor', 'What lost disputes took.', 41),
    ('{business}', 'gift_cards_minor', 'Gift cards sold, less cancelled ones.', 42),
    ('{business}', 'revenue_minor', 'Captured less refunded, disputed and gift cards.', 43)
) as measures (subjects, name, description, position)
cross join lateral unnest(measures.subjects::text[]) as subjects (name)
on conflict (subject, name) do update
    set
        description = excluded.description,
        position = excluded.position,
        column_name = excluded.column_name,
        is_money = excluded.is_money;

-- Measures of the rows of views: a column that is summed, or the number of rows.
insert into insight.report_fields (
    subject, name, kind, description, position, column_name, is_money
)
select
    measures.subject,
    measures.name,
    'measure'::insight.report_field_kind as kind,
    measures.description,
    measures.position,
    measures.column_name,
    measures.name like '%\_minor' as is_money
from (
    values
    ('bookings', 'bookings', 'Number of bookings.', 20, null),
    ('bookings', 'guests', 'Guests, added up.', 21, 'party_size'),
    ('bookings', 'total_minor', 'Total price.', 22, 'total_minor'),
    ('bookings', 'cancellation_fee_minor', 'Fees for cancelling.', 23, 'cancellation_fee_minor'),
    ('bookings', 'no_show_fee_minor', 'Fees for a no-show.', 24, 'no_show_fee_minor'),
    ('orders', 'orders', 'Number of orders.', 20, null),
    ('payments', 'payments', 'Number of payments.', 20, null),
    ('payments', 'amount_minor', 'What is to be paid.', 21, 'amount_minor'),
    ('payments', 'captured_minor', 'What was taken.', 22, 'captured_minor'),
    ('payments', 'refunded_minor', 'What was given back.', 23, 'refunded_minor'),
    ('sales', 'sales', 'Number of sales.', 20, null),
    ('sales', 'owed_minor', 'The sum of their lines, with tax.', 21, 'owed_minor'),
    ('sales', 'paid_minor', 'What was taken.', 22, 'paid_minor'),
    ('sales', 'refunded_minor', 'What was given back.', 23, 'refunded_minor'),
    ('sales', 'balance_minor', 'What customers still owe.', 24, 'balance_minor')
) as measures (subject, name, description, position, column_name)
on conflict (subject, name) do update
    set
        description = excluded.description,
        position = excluded.position,
        column_name = excluded.column_name,
        is_money = excluded.is_money;
