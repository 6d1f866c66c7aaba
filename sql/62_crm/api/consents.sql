-- For what businesses ask for consent, and what people answered.

create view public.consent_purposes
with (security_invoker = true)
as
select
    consent_purposes.business_id,
    consent_purposes.key,
    consent_purposes.wording,
    consent_purposes.created_at
from crm.consent_purposes;
grant select on public.consent_purposes to anon;
grant select, insert, update, delete on public.consent_purposes to authenticated, service_role;

comment on view public.consent_purposes is
'For what businesses ask for consent, beside their offers. Managers write them, and everybody who '
'sees the business reads them. Another wording asks anew: whoever agreed before agreed to the '
'earlier one.';
comment on column public.consent_purposes.business_id is 'The business.';
comment on column public.consent_purposes.key is
'How set_consent calls it: a lower-case word of at most 40 characters, such as photos.';
comment on column public.consent_purposes.wording is
'What somebody agrees to, in the words that they read: 1 to 2000 characters.';
comment on column public.consent_purposes.created_at is 'When it was written.';

create view public.consents
with (security_invoker = true)
as
select
    consents.id,
    consents.business_id,
    consents.user_id,
    known.customer_id,
    consents.purpose,
    consents.is_given,
    consents.source,
    consents.wording,
    consents.noted_by,
    consents.at,
    not exists (
        select 1
        from crm.consents as later
        where
            later.user_id = consents.user_id
            and later.business_id = consents.business_id
            and later.purpose = consents.purpose
            and (later.at, later.id) > (consents.at, consents.id)
    )
    and not exists (
        select 1
        from customers.customers as same
        inner join crm.consents as later on same.user_id = later.user_id
        where
            same.business_id = consents.business_id
            and known.customer_id in (same.id, same.merged_into_id)
            and later.business_id = consents.business_id
            and later.purpose = consents.purpose
            and (later.at, later.id) > (consents.at, consents.id)
    )
    and not exists (
        select 1
        from customers.customers as same
        inner join crm.consents as later
            on
                same.business_id = later.business_id
                and same.id = later.customer_id
        where
            same.business_id = consents.business_id
            and known.customer_id in (same.id, same.merged_into_id)
            and later.purpose = consents.purpose
            and (later.at, later.id) > (consents.at, consents.id)
    ) as is_latest
from crm.consents
left join lateral (
    select coalesce(customers.merged_into_id, customers.id) as customer_id
    from customers.customers
    where
        customers.business_id = consents.business_id
        and (customers.user_id = consents.user_id or customers.id = consents.customer_id)
) as known on true;
grant select on public.consents to authenticated, service_role;

comment on view public.consents is
'What people agreed to and took back. Every answer stays; the one with is_latest holds. A person '
'reads their own answers, members who serve customers those of their customers. Changed by '
'set_consent, record_consent and unsubscribe. Page by (at, id).';
comment on column public.consents.id is 'Key.';
comment on column public.consents.business_id is 'The business.';
comment on column public.consents.user_id is 'The account; null for a customer without one.';
comment on column public.consents.customer_id is
'The customer who they are now, a row of customers; null for an account that is no customer.';
comment on column public.consents.purpose is
'marketing (offers), or a key of consent_purposes.';
comment on column public.consents.is_given is 'Whether it was given or taken back.';
comment on column public.consents.source is
'How: app (the person, signed in), link (the link of a mail), or paper, in_person, phone or mail '
'(what a member wrote down).';
comment on column public.consents.wording is
'The text of the purpose at that time; null for marketing.';
comment on column public.consents.noted_by is
'The member who wrote it down; null when the person answered.';
comment on column public.consents.at is 'When.';
comment on column public.consents.is_latest is
'Whether it is the latest answer of this person to this purpose, and so the one that holds.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.set_consent(
    business_id public.identifier, purpose text, is_given public.yes_no
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform crm.set_consent(
        private.to_identifier(set_consent.business_id, 'business_id'),
        private.to_required_text(set_consent.purpose, 'purpose', 40),
        coalesce(private.to_yes_no(set_consent.is_given, 'is_given'), false)
    );
end;
$$;
grant execute on function public.set_consent(public.identifier, text, public.yes_no)
to anon, authenticated, service_role;

comment on function public.set_consent is
'Give or take back the caller''s consent to a purpose of a business. The same answer again changes '
'nothing.

- business_id: the business.
- purpose: marketing, for its offers, or a key of consent_purposes.
- is_given: whether it is given; without it, it is taken back.

Errors: invalid_input 400, not_found 404, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.record_consent(
    customer_id public.identifier, purpose text, is_given public.yes_no, source text
)
returns public.customers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_customer_id uuid;
begin
    if record_consent.source is null
        or record_consent.source not in ('paper', 'in_person', 'phone', 'mail') then
        perform private.invalid('source', 'must be paper, in_person, phone or mail');
    end if;
    v_customer_id = crm.record_consent(
        private.to_identifier(record_consent.customer_id, 'customer_id'),
        private.to_required_text(record_consent.purpose, 'purpose', 40),
        coalesce(private.to_yes_no(record_consent.is_given, 'is_given'), false),
        record_consent.source::crm.consent_source
    );
    return crm.visible_customer(v_customer_id);
end;
$$;
grant execute on function public.record_consent(
    public.identifier, text, public.yes_no, text
)
to anon, authenticated, service_role;

comment on function public.record_consent is
'Write down what a customer answered on paper, in person, by phone or by mail. Returns the customer.

Offers are sent only to accounts that asked for them by set_consent; a member may write down that '
'somebody wants none any more. For members who serve customers.

- customer_id: the customer.
- purpose: marketing, or a key of consent_purposes.
- is_given: whether it was given; without it, it was taken back.
- source: paper, in_person, phone or mail.

Errors: forbidden 403, invalid_input 400, not_found 404, not_signed_in 401.';
