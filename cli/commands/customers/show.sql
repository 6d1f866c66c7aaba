-- One customer with their figures, and what a business knows about them.
select
    customers.id,
    businesses.slug as business,
    customers.name,
    customers.email,
    customers.phone,
    customers.user_id,
    customers.contact_verified_at,
    customers.created_at,
    customers.merged_into_id,
    (
        select string_agg(customer_tags.tag, ', ' order by customer_tags.tag)
        from crm.customer_tags
        where
            customer_tags.business_id = customers.business_id
            and customer_tags.customer_id = customers.id
    ) as tags,
    (
        select customer_blocks.blocked_at
        from crm.customer_blocks
        where
            customer_blocks.business_id = customers.business_id
            and customer_blocks.customer_id = customers.id
    ) as blocked_at,
    (
        select resources.name
        from scheduling.customer_preferences
        inner join catalog.resources on resources.id = customer_preferences.resource_id
        where
            customer_preferences.business_id = customers.business_id
            and customer_preferences.customer_id = customers.id
    ) as prefers,
    (
        select services.name
        from scheduling.customer_preferences
        inner join catalog.services on services.id = customer_preferences.service_id
        where
            customer_preferences.business_id = customers.business_id
            and customer_preferences.customer_id = customers.id
    ) as usually_books,
    figures.booking_count as bookings,
    figures.completed_count as completed,
    figures.cancelled_count as cancelled,
    figures.no_show_count as no_shows,
    figures.order_count as orders,
    figures.spent_minor,
    figures.currency,
    figures.last_visit_at,
    figures.next_visit_at,
    (
        select jsonb_agg(to_jsonb(notes) order by notes.created_at desc)
        from (
            select
                customer_notes.kind,
                customer_notes.body,
                customer_notes.created_at
            from crm.customer_notes
            where
                customer_notes.business_id = customers.business_id
                and customer_notes.customer_id = customers.id
        ) as notes
    ) as notes,
    (
        select jsonb_agg(to_jsonb(answers) order by answers.at desc)
        from (
            select
                consents.purpose,
                consents.is_given,
                consents.source,
                consents.at
            from public.consents
            where
                consents.business_id = customers.business_id
                and consents.customer_id = customers.id
                and consents.is_latest
        ) as answers
    ) as consents,
    (
        select jsonb_agg(to_jsonb(mergers) order by mergers.merged_at desc)
        from (
            select
                mergers.id,
                mergers.duplicate_id,
                mergers.merged_at,
                mergers.undone_at
            from crm.mergers
            where
                mergers.business_id = customers.business_id
                and mergers.customer_id = customers.id
        ) as mergers
    ) as mergers,
    (
        select jsonb_agg(to_jsonb(events) order by events.at desc, events.id desc)
        from crm.timeline(customers.id, null, null, null, 50) as events
    ) as timeline
from customers.customers
inner join business.businesses on businesses.id = customers.business_id
cross join lateral crm.figures(customers.id) as figures
where customers.id::text = lower(%(customer)s)
