-- Who gets a business's offers, and the offers themselves. What people answered is in crm.consents,
-- and marketing_consents follows it. Every mail of an offer has a link that withdraws the consent.

/*
 * Withdraw a consent with the token of a mail. The answer to an unknown token is the same, so that
 * it reveals nothing.
 * Definer: the caller need not be signed in.
 */
create function engagement.unsubscribe(token uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into crm.consents (business_id, user_id, purpose, is_given, source, at)
    select
        marketing_consents.business_id, marketing_consents.user_id, 'marketing', false, 'link',
        private.now()
    from engagement.marketing_consents
    where
        marketing_consents.unsubscribe_token = unsubscribe.token
        and marketing_consents.withdrawn_at is null;
end;
$$;

/*
 * Return the token that withdraws a user's consent, or null when there is no consent.
 */
create function engagement.unsubscribe_token(user_id uuid, business_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select marketing_consents.unsubscribe_token
        from engagement.marketing_consents
        where
            marketing_consents.user_id = unsubscribe_token.user_id
            and marketing_consents.business_id = unsubscribe_token.business_id
            and marketing_consents.withdrawn_at is null
    );
end;
$$;

/*
 * Send an offer to the customers who consented. Returns how many they are.
 * Definer: the caller may not read who consented.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function engagement.send_offer(business_id uuid, title text, body text)
returns bigint
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform private.require_member(business_id, 'manage');
    insert into engagement.marketing_offers (business_id, title, body, sent_by, sent_at)
    values (
        send_offer.business_id, send_offer.title, send_offer.body, auth.uid(), private.now()
    );
    perform private.emit(
        'offer.made',
        jsonb_build_object('business_id', business_id, 'title', title, 'body', body)
    );
    return (
        select count(*)
        from engagement.marketing_consents
        where
            marketing_consents.business_id = send_offer.business_id
            and marketing_consents.withdrawn_at is null
    );
end;
$$;
