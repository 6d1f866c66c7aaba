-- Consents: what a person agreed to with a business, purpose by purpose. Each answer is kept with
-- its source, its time and the text that was answered; the latest one holds.

create type crm.consent_source as enum (
    -- The person, signed in, or by the link of a mail.
    'app', 'link',
    -- What a member wrote down.
    'paper', 'in_person', 'phone', 'mail'
);

create table crm.consent_purposes (
    business_id uuid not null references business.businesses (id) on delete cascade,
    key text not null,
    -- What somebody agrees to, in the words that they read.
    wording text not null,
    created_at timestamptz not null default now(),

    primary key (business_id, key),
    constraint consent_purposes_key_is_a_word check (
        key ~ '^[a-z][a-z0-9_]{0,39}$'
        or private.invalid('key', 'must be a lower-case word of at most 40 characters')
    ),
    constraint consent_purposes_wording_is_short check (
        length(btrim(wording)) between 1 and 2000 and not private.has_control_characters(wording)
        or private.invalid('wording', 'must have 1 to 2000 printable characters')
    )
);
comment on table crm.consent_purposes is
'For what a business asks for consent, beside its offers, such as photos.';

create table crm.consents (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- Who answered: an account, or a customer without one.
    user_id uuid references auth.users (id) on delete cascade,
    customer_id uuid,
    -- `marketing` is for offers; others are rows of consent_purposes.
    purpose text not null,
    is_given boolean not null,
    source crm.consent_source not null,
    -- The text of the purpose at that time; null for offers.
    wording text,
    -- The member who wrote it down.
    noted_by uuid references auth.users (id) on delete set null,
    at timestamptz not null,

    constraint consents_business_id_id_unique unique (business_id, id),
    constraint consents_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint consents_are_of_one_person check (num_nonnulls(user_id, customer_id) = 1),
    constraint consents_are_noted_by_members check (
        source not in ('app', 'link') or noted_by is null
    )
);
comment on table crm.consents is
'What people agreed to and took back, when, how and in which words. Only ever added to.';
comment on column crm.consents.user_id is '[person]';
comment on column crm.consents.customer_id is '[person]';
-- The latest answer of a person to a purpose.
create index consents_user_idx on crm.consents (user_id, business_id, purpose, at);
create index consents_customer_idx on crm.consents (business_id, customer_id, purpose, at);
create index consents_noted_by_idx on crm.consents (noted_by);
