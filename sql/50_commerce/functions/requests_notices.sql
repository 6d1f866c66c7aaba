-- What a notification says about things that wait for somebody's decision, and who reads it: the
-- platform's staff decide about changes of products, the approvers of a company about what its
-- buyers ask to order. Whoever asked hears of the decision.

/*
 * Return what templates may say about proposed changes of products. A message to the platform's
 * staff belongs to no business, because its members read the messages of theirs.
 */
create function commerce.product_change_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        jsonb_build_object(
            'business_id',
            case when messages.payload ->> 'status' <> 'pending' then product_changes.business_id end,
            'business_name', businesses.name,
            'product_name', products.name,
            'note', coalesce(product_changes.note, ''),
            'reason', coalesce(product_changes.reason, '')
        )
    from unnest(product_change_data.messages) as messages
    inner join commerce.product_changes on product_changes.id = messages.subject_id
    inner join catalog.products on products.id = product_changes.product_id
    inner join business.businesses on businesses.id = product_changes.business_id;
end;
$$;

/*
 * Return the people of an audience who read messages about proposed changes: the platform's staff,
 * or the owners and managers of the business.
 */
create function commerce.product_change_readers(
    messages private.subject_message[], audience text
)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        profiles.id,
        profiles.email,
        profiles.phone,
        profiles.locale,
        null::jsonb
    from unnest(product_change_readers.messages) as messages
    inner join commerce.product_changes on product_changes.id = messages.subject_id
    cross join lateral (
        select platform_staff.user_id from identity.platform_staff where audience = 'platform'
        union all
        select managers.user_id
        from business.managers_of(product_changes.business_id) as managers
        where audience = 'business'
    ) as readers
    inner join identity.profiles on profiles.id = readers.user_id;
end;
$$;

/*
 * Return what templates may say about what a buyer asks to order. It is the company's matter, so
 * its messages belong to no business.
 */
create function commerce.order_request_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        jsonb_build_object(
            'business_name', businesses.name,
            'company_name', wholesale_accounts.company_name,
            'buyer_name', coalesce(profiles.full_name, profiles.email, ''),
            'total', scheduling.money_data(
                wholesale_order_requests.total_minor, wholesale_order_requests.currency
            ),
            'note', coalesce(wholesale_order_requests.note, ''),
            'reason', coalesce(wholesale_order_requests.reason, '')
        )
    from unnest(order_request_data.messages) as messages
    inner join commerce.wholesale_order_requests
        on wholesale_order_requests.id = messages.subject_id
    inner join commerce.wholesale_accounts
        on wholesale_accounts.id = wholesale_order_requests.wholesale_account_id
    inner join business.businesses on businesses.id = wholesale_order_requests.business_id
    inner join identity.profiles on profiles.id = wholesale_order_requests.requested_by;
end;
$$;

/*
 * Return who reads a message about what a buyer asks to order: the approvers of the company while
 * it waits, then the buyer.
 */
create function commerce.order_request_readers(
    messages private.subject_message[], audience text
)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        profiles.id,
        profiles.email,
        profiles.phone,
        profiles.locale,
        jsonb_build_object('reader_name', coalesce(profiles.full_name, profiles.email, ''))
    from unnest(order_request_readers.messages) as messages
    inner join commerce.wholesale_order_requests
        on wholesale_order_requests.id = messages.subject_id
    cross join lateral (
        select wholesale_buyers.user_id
        from commerce.wholesale_buyers
        where
            messages.payload ->> 'status' = 'requested'
            and wholesale_buyers.business_id = wholesale_order_requests.business_id
            and wholesale_buyers.wholesale_account_id
            = wholesale_order_requests.wholesale_account_id
            and wholesale_buyers.role = 'approver'
            and wholesale_buyers.user_id <> wholesale_order_requests.requested_by
        union all
        select wholesale_order_requests.requested_by
        where messages.payload ->> 'status' <> 'requested'
    ) as readers
    inner join identity.profiles on profiles.id = readers.user_id
    where audience = 'customer';
end;
$$;
