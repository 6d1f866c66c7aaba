-- What people are told of a message, and who hears of it: the other side.

/*
 * Return what templates may say about messages.
 */
create function crm.message_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        told.ordinal,
        jsonb_build_object(
            'message_id', messages.id,
            'business_id', messages.business_id,
            'customer_name', coalesce(customers.name, customers.email, customers.phone, ''),
            'business_name', businesses.name,
            'business_email', businesses.email,
            'body', messages.body,
            'time_zone', businesses.time_zone
        )
    from unnest(message_data.messages) as told
    inner join crm.messages on messages.id = told.subject_id
    inner join crm.conversations
        on
            conversations.business_id = messages.business_id
            and conversations.id = messages.conversation_id
    inner join customers.customers
        on
            customers.business_id = conversations.business_id
            and customers.id = conversations.customer_id
    inner join business.businesses on businesses.id = messages.business_id;
end;
$$;

/*
 * Return who hears of a message: the customer of what the business wrote; of what the customer
 * wrote the owners and managers, and the staff who wrote in the conversation.
 */
create function crm.message_readers(messages private.subject_message[], audience text)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        told.ordinal,
        profiles.id,
        coalesce(profiles.email, customers.email),
        coalesce(profiles.phone, customers.phone),
        coalesce(profiles.locale, businesses.locale),
        null::jsonb
    from unnest(message_readers.messages) as told
    inner join crm.messages on messages.id = told.subject_id
    inner join crm.conversations on conversations.id = messages.conversation_id
    inner join customers.customers on customers.id = conversations.customer_id
    inner join business.businesses on businesses.id = messages.business_id
    left join identity.profiles on profiles.id = customers.user_id
    where message_readers.audience = 'customer' and messages.sender = 'business'
    union all
    select readers.*
    from unnest(message_readers.messages) as told
    inner join crm.messages on messages.id = told.subject_id
    cross join lateral
    business.manager_readers(messages.business_id, told.ordinal) as readers
    where message_readers.audience = 'business' and messages.sender = 'customer'
    union all
    select
        told.ordinal,
        profiles.id,
        profiles.email,
        profiles.phone,
        profiles.locale,
        null::jsonb
    from unnest(message_readers.messages) as told
    inner join crm.messages on messages.id = told.subject_id
    inner join business.business_members on business_members.business_id = messages.business_id
    inner join identity.profiles on profiles.id = business_members.user_id
    where
        message_readers.audience = 'business'
        and messages.sender = 'customer'
        and business_members.role = 'staff'
        and exists (
            select 1
            from crm.messages as earlier
            where
                earlier.business_id = messages.business_id
                and earlier.conversation_id = messages.conversation_id
                and earlier.author_id = business_members.user_id
        );
end;
$$;
