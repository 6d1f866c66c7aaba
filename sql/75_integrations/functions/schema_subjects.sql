-- Which tables a scope opens.

/*
 * Return the schemas whose tables API keys can read and write, and the subject of the scope that
 * opens each. The tables of all other schemas are closed to keys (95_attach/policies.sql).
 */
create function integrations.schema_subjects()
returns table (schema_name text, subject text)
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        listed.schema_name,
        listed.subject
    from (
        values
        ('business', 'business'),
        ('catalog', 'catalog'),
        ('pricing', 'catalog'),
        ('scheduling', 'bookings'),
        ('customers', 'customers'),
        ('crm', 'customers'),
        ('commerce', 'orders'),
        ('sales', 'sales'),
        ('money', 'money'),
        ('memberships', 'memberships'),
        ('loyalty', 'memberships'),
        ('reviews', 'reviews'),
        ('engagement', 'notifications'),
        ('files', 'files'),
        ('storage', 'files'),
        ('integrations', 'webhooks'),
        ('realtime', 'realtime')
    ) as listed (schema_name, subject);
end;
