-- The one list of what phones keep: which views, and whose rows they are.

/*
 * Return the part of mobile.synced that a business sets up.
 */
create function mobile.synced_catalog()
returns table (
    view_name text, table_name text, key_column text, owner_kind text, owner_column text,
    business_column text
)
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        listed.view_name,
        listed.table_name,
        listed.key_column,
        listed.owner_kind,
        listed.owner_column,
        listed.business_column
    from (
        values
        ('profiles', 'identity.profiles', 'id', 'user', 'id', ''),
        ('addresses', 'identity.addresses', 'id', 'user', 'user_id', ''),
        ('businesses', 'business.businesses', 'id', '', '', 'id'),
        ('business_members', 'business.business_members', 'id', '', '', 'business_id'),
        ('stores', 'business.stores', 'id', '', '', 'business_id'),
        ('closures', 'business.closures', 'id', '', '', 'business_id'),
        ('customers', 'customers.customers', 'id', 'user', 'user_id', 'business_id'),
        ('service_categories', 'catalog.service_categories', 'id', '', '', 'business_id'),
        ('services', 'catalog.services', 'id', '', '', 'business_id'),
        ('service_addons', 'catalog.service_addons', 'id', '', '', 'business_id'),
        ('service_questions', 'catalog.service_questions', 'id', '', '', 'business_id'),
        ('resources', 'catalog.resources', 'id', '', '', 'business_id'),
        ('working_hours', 'catalog.working_hours', 'id', '', '', 'business_id'),
        ('schedule_exceptions', 'catalog.schedule_exceptions', 'id', '', '', 'business_id'),
        ('product_categories', 'catalog.product_categories', 'id', '', '', 'business_id'),
        ('products', 'catalog.products', 'id', '', '', 'business_id'),
        ('product_variants', 'catalog.product_variants', 'id', '', '', 'business_id')
    ) as listed (
        view_name, table_name, key_column, owner_kind, owner_column, business_column
    );
end;

/*
 * Return the part of mobile.synced that a customer and a business write to each other.
 */
create function mobile.synced_talks()
returns table (
    view_name text, table_name text, key_column text, owner_kind text, owner_column text,
    business_column text
)
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        listed.view_name,
        listed.table_name,
        listed.key_column,
        listed.owner_kind,
        listed.owner_column,
        listed.business_column
    from (
        values
        ('loyalty_entries', 'loyalty.entries', 'id', 'customer', 'customer_id', 'business_id'),
        ('conversations', 'crm.conversations', 'id', 'customer', 'customer_id', 'business_id'),
        (
            'conversations', 'crm.messages', 'conversation_id',
            'conversation', 'conversation_id', 'business_id'
        ),
        (
            'conversations', 'crm.message_reads', 'conversation_id',
            'conversation', 'conversation_id', 'business_id'
        ),
        ('messages', 'crm.messages', 'id', 'conversation', 'conversation_id', 'business_id')
    ) as listed (
        view_name, table_name, key_column, owner_kind, owner_column, business_column
    );
end;

/*
 * Return the part of mobile.synced that customers book, buy and hear of.
 */
create function mobile.synced_purchases()
returns table (
    view_name text, table_name text, key_column text, owner_kind text, owner_column text,
    business_column text
)
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        listed.view_name,
        listed.table_name,
        listed.key_column,
        listed.owner_kind,
        listed.owner_column,
        listed.business_column
    from (
        values
        ('bookings', 'scheduling.bookings', 'id', 'user', 'customer_id', 'business_id'),
        (
            'booking_items', 'scheduling.booking_items', 'id',
            'booking', 'booking_id', 'business_id'
        ),
        (
            'waitlist_entries', 'scheduling.waitlist_entries', 'id',
            'user', 'customer_id', 'business_id'
        ),
        (
            'waitlist_entries', 'scheduling.waitlist_offers', 'entry_id',
            'user', 'customer_id', 'business_id'
        ),
        ('orders', 'commerce.orders', 'id', 'user', 'customer_id', 'business_id'),
        ('order_items', 'commerce.order_items', 'id', 'order', 'order_id', 'business_id'),
        ('shipments', 'commerce.shipments', 'id', 'order', 'order_id', 'business_id'),
        ('returns', 'commerce.returns', 'id', 'order', 'order_id', 'business_id'),
        ('wishlist_items', 'commerce.wishlist_items', 'id', 'user', 'user_id', ''),
        ('membership_plans', 'memberships.membership_plans', 'id', '', '', 'business_id'),
        ('memberships', 'memberships.memberships', 'id', 'user', 'user_id', 'business_id'),
        ('notifications', 'engagement.notifications', 'id', 'user', 'user_id', '')
    ) as listed (
        view_name, table_name, key_column, owner_kind, owner_column, business_column
    );
end;

/*
 * Return how rows of the synced views reach their readers: one row a table whose changes show in a
 * view, in the order in which they are read. `key_column` has the id of the view's row;
 * `owner_column` leads to the user whose row it is, by `owner_kind`: it is the user, or a customer,
 * booking, order or conversation of theirs. Both are empty for rows that only members of the
 * business read, and `business_column` is empty for rows of no business.
 */
create function mobile.synced()
returns table (
    view_name text, table_name text, key_column text, owner_kind text, owner_column text,
    business_column text
)
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        catalog.view_name,
        catalog.table_name,
        catalog.key_column,
        catalog.owner_kind,
        catalog.owner_column,
        catalog.business_column
    from mobile.synced_catalog() as catalog
    union all
    select
        purchases.view_name,
        purchases.table_name,
        purchases.key_column,
        purchases.owner_kind,
        purchases.owner_column,
        purchases.business_column
    from mobile.synced_purchases() as purchases
    union all
    select
        talks.view_name,
        talks.table_name,
        talks.key_column,
        talks.owner_kind,
        talks.owner_column,
        talks.business_column
    from mobile.synced_talks() as talks;
end;

/*
 * Return the user to whom something leads: see mobile.synced. Null when it leads to nobody.
 */
create function mobile.owner(kind text, id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case owner.kind
        when 'user' then owner.id
        when 'customer' then (
            select customers.user_id from customers.customers where customers.id = owner.id
        )
        when 'booking' then (
            select bookings.customer_id from scheduling.bookings where bookings.id = owner.id
        )
        when 'order' then (
            select orders.customer_id from commerce.orders where orders.id = owner.id
        )
        when 'conversation' then (
            select customers.user_id
            from crm.conversations
            inner join customers.customers on conversations.customer_id = customers.id
            where conversations.id = owner.id
        )
    end;
end;
$$;
