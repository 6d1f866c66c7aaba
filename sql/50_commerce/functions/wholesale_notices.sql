-- What a notification says about a wholesale account, and who reads it: whoever requested it or
-- placed the order, and the owners and managers of the business, who decide.

/*
 * Return what templates may say about wholesale accounts.
 */
create function commerce.wholesale_data(messages private.subject_message[])
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
            'business_id', wholesale_accounts.business_id,
            'business_name', businesses.name,
            'business_email', businesses.email,
            'company_name', wholesale_accounts.company_name,
            'tax_number', wholesale_accounts.tax_number,
            'reason', coalesce(messages.payload ->> 'reason', ''),
            'order_reference', orders.reference,
            'due_at', orders.due_at,
            'amount', scheduling.money_data(
                (money.sale_balance(orders.business_id, orders.sale_id)).balance_minor,
                wholesale_accounts.currency
            )
        )
    from unnest(wholesale_data.messages) as messages
    inner join commerce.wholesale_accounts on wholesale_accounts.id = messages.subject_id
    inner join business.businesses on businesses.id = wholesale_accounts.business_id
    left join commerce.orders on orders.id = (messages.payload ->> 'order_id')::uuid;
end;
$$;

/*
 * Return the people of an audience who read messages about wholesale accounts.
 */
create function commerce.wholesale_readers(messages private.subject_message[], audience text)
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
    from unnest(wholesale_readers.messages) as messages
    inner join commerce.wholesale_accounts on wholesale_accounts.id = messages.subject_id
    left join commerce.orders on orders.id = (messages.payload ->> 'order_id')::uuid
    left join lateral business.managers_of(wholesale_accounts.business_id) as managers
        on audience = 'business'
    inner join identity.profiles
        on
            profiles.id = case audience
                when 'business' then managers.user_id
                when 'customer' then coalesce(orders.customer_id, wholesale_accounts.requested_by)
            end;
end;
$$;

/*
 * Return of which messages people are told: of every decision, and of an order that is due when
 * something is still to be paid. An account that somebody is changing right now is left out.
 */
create function commerce.claim_wholesale_messages(messages private.subject_message[])
returns setof private.subject_claim
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_account_ids constant uuid array = array(
        select wholesale_accounts.id
        from commerce.wholesale_accounts
        where
            wholesale_accounts.id in (
                select messages.subject_id
                from unnest(claim_wholesale_messages.messages) as messages
            )
        for key share skip locked
    );
begin
    return query
    select
        messages.ordinal,
        messages.payload ->> 'order_id' is null
        or exists (
            select 1
            from commerce.orders
            where
                orders.id = (messages.payload ->> 'order_id')::uuid
                and orders.status not in ('cancelled', 'expired')
                and (money.sale_balance(orders.business_id, orders.sale_id)).balance_minor > 0
        )
    from unnest(claim_wholesale_messages.messages) as messages
    where messages.subject_id = any(v_account_ids);
end;
$$;
