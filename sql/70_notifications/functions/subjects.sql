-- The two subjects of this domain: a business's offer to customers who consented, and the messages
-- about an account. Both are registered in the seed.

/*
 * Return what templates may say about an offer of a business.
 */
create function engagement.offer_data(business_id uuid, payload jsonb)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'business_id', businesses.id,
            'business_name', businesses.name,
            'business_email', businesses.email,
            'title', payload ->> 'title',
            'body', payload ->> 'body'
        )
        from business.businesses
        where businesses.id = offer_data.business_id
    );
end;
$$;

/*
 * Return the customers who consented to the offers of a business.
 */
create function engagement.offer_readers(business_id uuid, audience text, payload jsonb)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        profiles.id,
        profiles.email,
        profiles.phone,
        profiles.locale,
        jsonb_build_object('customer_name', coalesce(profiles.full_name, ''))
    from engagement.marketing_consents
    inner join identity.profiles on profiles.id = marketing_consents.user_id
    where
        audience = 'customer'
        and marketing_consents.business_id = offer_readers.business_id
        and marketing_consents.withdrawn_at is null;
end;
$$;

/*
 * Return what templates may say about an account. The message brings all of it but the minutes for
 * which its code or link is valid.
 */
create function engagement.account_data(user_id uuid, payload jsonb)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select payload || jsonb_build_object('minutes', (payload ->> 'expires_in')::integer / 60)
    );
end;
$$;
