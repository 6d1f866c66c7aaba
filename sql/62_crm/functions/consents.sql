-- How consents are given, taken back and written down. The purpose `marketing`, for offers, exists
-- in every business; the others are rows of consent_purposes.

/*
 * Give or take back a consent of the caller.
 * Definer: nobody has a write grant on consents; the caller answers for themselves.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function crm.set_consent(business_id uuid, purpose text, is_given boolean)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_consent crm.consents;
begin
    v_consent.user_id = private.current_user_id();
    if not business.is_open(set_consent.business_id)
        and not exists (
            select 1
            from private.known_businesses() as known (id)
            where known.id = set_consent.business_id
        ) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such business.',
            'Check the id in the view businesses.'
        );
    end if;
    v_consent.business_id = set_consent.business_id;
    v_consent.purpose = set_consent.purpose;
    v_consent.is_given = set_consent.is_given;
    v_consent.source = 'app';
    perform crm.note_consent(v_consent);
end;
$$;

/*
 * Write down what a customer of the caller's business answered. Returns the customer.
 * Definer: as crm.set_consent.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function crm.record_consent(
    customer_id uuid, purpose text, is_given boolean, source crm.consent_source
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_customer customers.customers = crm.require_customer(record_consent.customer_id);
    v_consent crm.consents;
begin
    v_consent.business_id = v_customer.business_id;
    v_consent.user_id = v_customer.user_id;
    v_consent.customer_id = case
        when v_customer.user_id is null then coalesce(v_customer.merged_into_id, v_customer.id)
    end;
    v_consent.purpose = record_consent.purpose;
    v_consent.is_given = record_consent.is_given;
    v_consent.source = record_consent.source;
    v_consent.noted_by = auth.uid();
    perform crm.note_consent(v_consent);
    return v_customer.id;
end;
$$;

/*
 * Write an answer down with the wording of its purpose, unless the same answer holds already.
 *
 * Errors:  PT404 not_found
 */
create function crm.note_consent(consent crm.consents)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_wording text;
begin
    if consent.purpose <> 'marketing' then
        select consent_purposes.wording into v_wording
        from crm.consent_purposes
        where
            consent_purposes.business_id = consent.business_id
            and consent_purposes.key = consent.purpose;
        if v_wording is null then
            perform private.refuse(
                'PT404', 'not_found', 'The business does not ask for this consent.',
                'Choose marketing or one of the view consent_purposes.'
            );
        end if;
    end if;
    if crm.holds_consent(consent, v_wording) then
        return;
    end if;
    insert into crm.consents (
        business_id, user_id, customer_id, purpose, is_given, source, wording, noted_by, at
    )
    values (
        consent.business_id, consent.user_id, consent.customer_id, consent.purpose,
        consent.is_given, consent.source, v_wording, consent.noted_by, private.now()
    );
end;
$$;

/*
 * Does the latest answer of a person say the same, to the same words?
 */
create function crm.holds_consent(consent crm.consents, wording text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_who crm.identity = crm.identity_of(
        consent.business_id,
        coalesce(
            consent.customer_id,
            customers.customer_of(consent.business_id, consent.user_id, null)
        )
    );
begin
    return coalesce(
        (
            select
                consents.is_given = consent.is_given
                and (
                    not consents.is_given
                    or consents.wording is not distinct from holds_consent.wording
                )
            from crm.consents
            where
                consents.business_id = consent.business_id
                and consents.purpose = consent.purpose
                and (
                    consents.user_id = any(consent.user_id || v_who.user_ids)
                    or consents.customer_id = any(v_who.customer_ids)
                )
            order by consents.at desc, consents.id desc
            limit 1
        ),
        false
    );
end;
$$;
