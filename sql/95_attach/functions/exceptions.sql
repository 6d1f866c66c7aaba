-- What the audit trail leaves out, and why. Every other change of every table is audited, of a new
-- table as well, without anybody's doing. Keep the list short, and give the reason.

/*
 * Return the tables whose rows come with a release; nobody changes them while the platform runs.
 */
create function audit.released_tables()
returns table (table_name text, operations text[], reason text)
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        listed.table_name,
        listed.operations::text[],
        listed.reason
    from (
        values
        ('business.business_transitions', '{insert,update,delete}', 'comes with a release'),
        ('commerce.order_steps', '{insert,update,delete}', 'comes with a release'),
        ('commerce.wholesale_steps', '{insert,update,delete}', 'comes with a release'),
        ('engagement.events', '{insert,update,delete}', 'comes with a release'),
        ('engagement.reminder_kinds', '{insert,update,delete}', 'comes with a release'),
        ('engagement.variables', '{insert,update,delete}', 'comes with a release'),
        ('files.kinds', '{insert,update,delete}', 'comes with a release'),
        ('flags.kinds', '{insert,update,delete}', 'comes with a release'),
        ('insight.report_fields', '{insert,update,delete}', 'comes with a release'),
        ('insight.report_subjects', '{insert,update,delete}', 'comes with a release'),
        ('integrations.event_types', '{insert,update,delete}', 'comes with a release'),
        ('integrations.scope_objects', '{insert,update,delete}', 'comes with a release'),
        ('integrations.scopes', '{insert,update,delete}', 'comes with a release'),
        ('pricing.currencies', '{insert,update,delete}', 'comes with a release'),
        ('private.subjects', '{insert,update,delete}', 'comes with a release'),
        ('reviews.review_transitions', '{insert,update,delete}', 'comes with a release'),
        ('scheduling.booking_transitions', '{insert,update,delete}', 'comes with a release')
    ) as listed (table_name, operations, reason);
end;

/*
 * Return the tables that are records themselves, and those whose rows are kept for a day.
 */
create function audit.record_tables()
returns table (table_name text, operations text[], reason text)
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        listed.table_name,
        listed.operations::text[],
        listed.reason
    from (
        values
        ('audit.entries', '{insert,update,delete}', 'the trail itself'),
        ('audit.maskings', '{insert,update,delete}', 'what was masked in the trail'),
        ('business.business_history', '{insert,update,delete}', 'a record, only added to'),
        ('commerce.order_changes', '{insert,update,delete}', 'a record, only added to'),
        ('commerce.order_history', '{insert,update,delete}', 'a record, only added to'),
        ('commerce.stock_movements', '{insert,update,delete}', 'a record, only added to'),
        ('commerce.wholesale_history', '{insert,update,delete}', 'a record, only added to'),
        ('crm.merge_changes', '{insert,update,delete}', 'a record, only added to'),
        ('engagement.notification_deliveries', '{insert,update,delete}', 'a record of messages'),
        ('identity.activity_events', '{insert,update,delete}', 'a record, only added to'),
        ('identity.platform_staff_history', '{insert,update,delete}', 'a record, only added to'),
        ('insight.day_changes', '{insert,update,delete}', 'which days to count, until they are'),
        ('insight.events', '{insert,update,delete}', 'a record of visitors without persons'),
        ('insight.takings', '{insert,update,delete}', 'a record that follows from the ledger'),
        ('integrations.events', '{insert,update,delete}', 'a record, only added to'),
        ('integrations.webhook_attempts', '{insert,update,delete}', 'a record, only added to'),
        ('integrations.webhook_deliveries', '{insert,update,delete}', 'a record of messages'),
        ('mobile.changes', '{insert,update,delete}', 'a record, kept for two months'),
        ('mobile.changes_else', '{insert,update,delete}', 'a record, kept for two months'),
        ('mobile.horizon', '{insert,update,delete}', 'follows from the log of changes'),
        ('money.entries', '{insert,update,delete}', 'the ledger, only added to'),
        ('money.gift_card_lookups', '{insert,update,delete}', 'wrong codes, kept for a day'),
        ('money.transactions', '{insert,update,delete}', 'the ledger, only added to'),
        ('private.deleted_subjects', '{insert,update,delete}', 'a record, only added to'),
        ('private.idempotency_keys', '{insert,update,delete}', 'answers, kept for a day'),
        ('reviews.review_history', '{insert,update,delete}', 'a record, only added to'),
        ('reviews.review_versions', '{insert,update,delete}', 'a record, only added to'),
        ('sales.sale_line_discounts', '{insert,update,delete}', 'a record, only added to'),
        ('sales.sale_line_taxes', '{insert,update,delete}', 'a record, only added to'),
        ('sales.sale_lines', '{insert,update,delete}', 'a record, only added to'),
        ('sales.sale_taxes', '{insert,update,delete}', 'a record, only added to'),
        ('sales.sales', '{insert}', 'a record of its own; who bought may change, and is audited'),
        ('scheduling.booking_history', '{insert,update,delete}', 'a record, only added to')
    ) as listed (table_name, operations, reason);
end;

/*
 * Return the tables whose rows follow from others: the trail has the change that they follow from.
 */
create function audit.derived_tables()
returns table (table_name text, operations text[], reason text)
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        listed.table_name,
        listed.operations::text[],
        listed.reason
    from (
        values
        ('commerce.order_items', '{insert}', 'written with its order'),
        ('commerce.return_items', '{insert}', 'written with its return'),
        ('commerce.shipment_items', '{insert}', 'written with its shipment'),
        ('commerce.stock_lot_movements', '{insert,update,delete}', 'follows from movements'),
        ('customers.allowances', '{insert,update,delete}', 'follows from memberships and sales'),
        ('engagement.notifications', '{insert,delete}', 'written by the workers for everybody'),
        ('engagement.reminders', '{insert,update,delete}', 'follows from bookings'),
        ('files.renditions', '{insert,update,delete}', 'follows from media'),
        ('loyalty.accounts', '{insert,update,delete}', 'follows from its entries'),
        ('loyalty.earnings', '{insert,update,delete}', 'follows from sales'),
        ('loyalty.lots', '{insert,update,delete}', 'follows from its entries'),
        ('memberships.charge_attempts', '{insert,update,delete}', 'follows from payments'),
        ('memberships.membership_periods', '{insert,update,delete}', 'follows from memberships'),
        ('money.accounts', '{insert,update,delete}', 'opened by the ledger'),
        ('money.checkpoint_runs', '{insert,update,delete}', 'follows from the ledger'),
        ('money.checkpoints', '{insert,update,delete}', 'follows from the ledger'),
        ('money.commissions', '{insert,update,delete}', 'follows from deliveries and refunds'),
        ('money.credit_payments', '{insert,update,delete}', 'written with its payment'),
        ('money.earnings', '{insert,update,delete}', 'follows from deliveries and refunds'),
        ('money.line_terms', '{insert,update,delete}', 'follows from deliveries and refunds'),
        ('money.open_earnings', '{insert,update,delete}', 'follows from earnings and payouts'),
        ('money.payout_runs', '{insert,update,delete}', 'follows from schedules and runs'),
        ('money.period_balances', '{insert,update,delete}', 'follows from the ledger'),
        ('money.spendable_balances', '{insert,update,delete}', 'follows from the ledger'),
        ('pricing.day_demands', '{insert,update,delete}', 'follows from bookings'),
        ('private.effects', '{insert,update,delete}', 'working state of the workers'),
        ('reviews.rating_changes', '{insert,update,delete}', 'follows from reviews'),
        ('reviews.rating_totals', '{insert,update,delete}', 'follows from reviews'),
        ('scheduling.allocations', '{insert,update,delete}', 'follows from bookings'),
        ('scheduling.booking_items', '{insert}', 'written with its booking'),
        ('scheduling.busy_times', '{insert,update,delete}', 'follows from bookings'),
        ('scheduling.freed_times', '{insert,update,delete}', 'follows from bookings'),
        ('scheduling.holds', '{insert,update,delete}', 'follows from bookings'),
        ('scheduling.scheduled_transitions', '{insert,update,delete}', 'follows from bookings'),
        ('scheduling.seats', '{insert,update,delete}', 'follows from bookings'),
        ('scheduling.shared_resources', '{insert,update,delete}', 'follows from profiles'),
        ('scheduling.waitlist_offers', '{insert,update,delete}', 'follows from the waitlist'),
        ('search.documents', '{insert,update,delete}', 'follows from the catalog'),
        ('search.entries', '{insert,update,delete}', 'follows from the catalog'),
        ('search.pairs', '{insert,update,delete}', 'follows from sales'),
        ('search.popular', '{insert,update,delete}', 'follows from sales'),
        ('search.words', '{insert,update,delete}', 'follows from the catalog')
    ) as listed (table_name, operations, reason);
end;

/*
 * Return the tables of figures: they are counted from other rows, again and again.
 */
create function audit.counted_tables()
returns table (table_name text, operations text[], reason text)
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        listed.table_name,
        '{insert,update,delete}'::text[],
        listed.reason
    from (
        values
        ('insight.customer_values', 'counted from sales'),
        ('insight.days', 'counted from other rows'),
        ('insight.forecasts', 'made from bookings and sales'),
        ('insight.kept_days', 'counted from other rows'),
        ('insight.unusual_days', 'found in days'),
        ('insight.value_models', 'fitted to sales')
    ) as listed (table_name, reason);
end;

/*
 * Return the operations that are not audited, by table, with the reason.
 */
create function audit.exceptions()
returns table (table_name text, operations text[], reason text)
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        released.table_name,
        released.operations,
        released.reason
    from audit.released_tables() as released
    union all
    select
        records.table_name,
        records.operations,
        records.reason
    from audit.record_tables() as records
    union all
    select
        derived.table_name,
        derived.operations,
        derived.reason
    from audit.derived_tables() as derived
    union all
    select
        counted.table_name,
        counted.operations,
        counted.reason
    from audit.counted_tables() as counted;
end;
