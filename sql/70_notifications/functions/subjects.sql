-- The two subjects of this domain: a business's offer to customers who consented, and the messages
-- about an account. Both are registered in the seed.

/*
 * Return what templates may say about offers of businesses.
 */
create function engagement.offer_data(messages private.subject_message[])
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
            'business_id', businesses.id,
            'business_name', businesses.name,
            'business_email', businesses.email,
            'title', messages.payload ->> 'title',
            'body', messages.payload ->> 'body'
        )
    from unnest(offer_data.messages) as messages
    inner join business.businesses on businesses.id = messages.subject_id;
end;
$$;

/*
 * Return the customers who consented to the offers of businesses.
 */
create function engagement.offer_readers(messages private.subject_message[], audience text)
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
        jsonb_build_object('customer_name', coalesce(profiles.full_name, ''))
    from unnest(offer_readers.messages) as messages
    inner join engagement.marketing_consents
        on marketing_consents.business_id = messages.subject_id
    inner join identity.profiles on profiles.id = marketing_consents.user_id
    where audience = 'customer' and marketing_consents.withdrawn_at is null;
end;
$$;

/*
 * Return what templates may say about accounts. The messages bring all of it but the minutes for
 * which a code or link is valid.
 */
create function engagement.account_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        messages.payload || jsonb_build_object(
            'minutes', (messages.payload ->> 'expires_in')::integer / 60
        )
    from unnest(account_data.messages) as messages;
end;
$$;
