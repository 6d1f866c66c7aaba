-- A name, a title or an address is one line: a line break in it breaks mail headers and calendars. What only
-- copies such a column (names of what was sold, of who bought it, what a reader was told) and reference data need no constraint; codes
-- have one of their own.
select pg_class.oid::regclass || '.' || pg_attribute.attname as object
from pg_attribute
inner join pg_class on pg_class.oid = pg_attribute.attrelid
where
    pg_class.relnamespace::regnamespace::text = any(%(schemas)s)
    and pg_class.relkind = 'r'
    and not pg_class.relispartition
    and pg_attribute.attnum > 0
    and pg_attribute.atttypid = 'text'::regtype
    and pg_attribute.attname ~ '(^|_)(name|title|label|recipient|city|region|line[12])$'
    and pg_class.oid::regclass || '.' || pg_attribute.attname <> all(array[
        'business.verticals.name', 'commerce.order_items.name', 'engagement.events.name', 'engagement.notifications.title',
        'engagement.variables.name', 'files.kinds.name', 'insight.report_fields.column_name', 'insight.report_fields.name', 'insight.report_subjects.name',
        'insight.report_subjects.view_name', 'integrations.event_types.name', 'integrations.scopes.name',
        'money.providers.name', 'pricing.currencies.name', 'pricing.tax_classes.name',
        'pricing.tax_rules.region', 'pricing.tax_settings.region', 'sales.sale_line_discounts.name',
        'sales.sale_lines.name', 'search.entries.name', 'search.entries.folded_name',
        'sales.sales.customer_name', 'scheduling.booking_items.service_name'
    ])
    and pg_class.relnamespace <> 'private'::regnamespace
    and not exists (
        select 1
        from pg_constraint
        where
            pg_constraint.conrelid = pg_class.oid
            and pg_constraint.contype = 'c'
            and pg_attribute.attnum = any(pg_constraint.conkey)
            and pg_get_constraintdef(pg_constraint.oid) ~ 'is_one_line|is_region'
    )
