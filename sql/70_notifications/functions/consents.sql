-- Consents to a business's offers, and the offers themselves. Every mail of an offer has a link
-- that withdraws the consent.

/*
 * Give or withdraw the caller's consent to the offers of a business. Both instants stay,
 * as a proof.
 * Definer: nobody has a write grant on consents; the caller changes their own.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function engagement.set_consent(business_id uuid, is_given boolean)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if not business.is_open(business_id) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such business.',
            'Check the id in the view businesses.'
        );
    end if;
    insert into engagement.marketing_consents (user_id, business_id, withdrawn_at)
    values (private.current_user_id(), business_id, case when not is_given then now() end)
    on conflict on constraint marketing_consents_pkey do update
    set
        given_at = case
            when excluded.withdrawn_at is null and marketing_consents.withdrawn_at is not null
                then now()
            else marketing_consents.given_at
        end,
        withdrawn_at = case
            when excluded.withdrawn_at is null then null
            else coalesce(marketing_consents.withdrawn_at, now())
        end;
end;
$$;

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
    update engagement.marketing_consents
    set withdrawn_at = now()
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
