-- Wholesale. A company asks a business for an account; the business approves or rejects it, with
-- documents before it and a reason behind it. An approved account has terms: the prices of a
-- customer group, net days with a credit limit, and minimums. Several buyers order for one company;
-- its approvers keep the list of buyers and the company's places. A user buys for at most one
-- company from a business.

create type commerce.wholesale_status as enum ('requested', 'approved', 'rejected', 'suspended');
create type commerce.wholesale_role as enum ('buyer', 'approver');

-- What holds for a buyer: nulls where nothing was agreed.
create type commerce.buying_terms as (
    wholesale_account_id uuid,
    -- Whether the buyer may order now and pay within net_days.
    pays_later boolean,
    net_days integer,
    currency text,
    credit_limit_minor bigint,
    minimum_minor bigint,
    minimum_quantity integer,
    order_limit_minor bigint
);

create table commerce.wholesale_accounts (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    requested_by uuid references auth.users (id) on delete set null,
    company_name text not null,
    country text not null,
    tax_number text not null,
    message text,
    status commerce.wholesale_status not null default 'requested',
    -- Why it was rejected or suspended; null otherwise.
    reason text,
    -- Whose prices the buyers get, beside those of lists for the entitlement `wholesale`.
    customer_group_id uuid,
    -- Of the amounts below.
    currency text not null references pricing.currencies (code) on delete restrict,
    -- How many days after it was placed an order must be paid; null: it is paid when it is placed.
    net_days integer,
    -- How much may be unpaid; null: nothing is lent without a limit, so net_days need one.
    credit_limit_minor bigint,
    -- What an order must reach; null: anything.
    minimum_minor bigint,
    minimum_quantity integer,
    requested_at timestamptz not null,
    decided_at timestamptz,

    constraint wholesale_accounts_business_id_id_unique unique (business_id, id),
    constraint wholesale_accounts_group_fkey foreign key (business_id, customer_group_id)
    references customers.customer_groups (business_id, id)
    on delete set null (customer_group_id),
    constraint wholesale_accounts_company_name_is_short check (
        length(btrim(company_name)) between 1 and 200 and private.is_one_line(company_name)
        or private.invalid('company_name', 'must have 1 to 200 printable characters')
    ),
    constraint wholesale_accounts_country_is_iso_3166 check (
        country ~ '^[A-Z]{2}$'
        or private.invalid('country', 'must be a two-letter ISO 3166 code, such as DE')
    ),
    constraint wholesale_accounts_tax_number_looks_like_one check (
        pricing.is_like_tax_number(country, tax_number)
        or private.invalid(
            'tax_number', 'must be a tax number of its country, such as DE136695976'
        )
    ),
    constraint wholesale_accounts_refusals_have_a_reason check (
        (status in ('rejected', 'suspended')) = (reason is not null)
    ),
    constraint wholesale_accounts_net_terms_have_a_limit check (
        (net_days is null) = (credit_limit_minor is null)
        or private.invalid('net_days and credit_limit_minor', 'must be set together')
    ),
    constraint wholesale_accounts_terms_are_sane check (
        coalesce(net_days between 1 and 365, true)
        and coalesce(credit_limit_minor between 0 and 1000000000000, true)
        and coalesce(minimum_minor between 0 and 1000000000000, true)
        and coalesce(minimum_quantity between 1 and 1000000, true)
    )
);
comment on table commerce.wholesale_accounts is
'Companies that buy wholesale from a business: their requests, what was decided, and their terms.';
comment on column commerce.wholesale_accounts.requested_by is '[person]';
comment on column commerce.wholesale_accounts.message is '[personal]';
-- The requests of a business that wait, the oldest first.
create index wholesale_accounts_status_idx
on commerce.wholesale_accounts (business_id, status, requested_at);
create index wholesale_accounts_requested_by_idx on commerce.wholesale_accounts (requested_by);
create index wholesale_accounts_group_idx
on commerce.wholesale_accounts (business_id, customer_group_id);
create index wholesale_accounts_currency_idx on commerce.wholesale_accounts (currency);

create table commerce.wholesale_steps (
    from_status commerce.wholesale_status not null,
    to_status commerce.wholesale_status not null,

    primary key (from_status, to_status)
);
comment on table commerce.wholesale_steps is
'What a business may decide about an account: every step that exists.';

create table commerce.wholesale_history (
    id bigint generated always as identity primary key,
    business_id uuid not null,
    wholesale_account_id uuid not null,
    status commerce.wholesale_status not null,
    reason text,
    actor_id uuid references auth.users (id) on delete set null,
    at timestamptz not null,

    constraint wholesale_history_account_fkey foreign key (business_id, wholesale_account_id)
    references commerce.wholesale_accounts (business_id, id) on delete cascade
);
comment on table commerce.wholesale_history is
'Every status that an account had, by whom and when. Only added to.';
comment on column commerce.wholesale_history.actor_id is '[person]';
create index wholesale_history_account_idx
on commerce.wholesale_history (business_id, wholesale_account_id, id);
create index wholesale_history_actor_id_idx on commerce.wholesale_history (actor_id);

create table commerce.wholesale_documents (
    -- The file belongs to a user and has no business, so its link has none either.
    media_id uuid primary key references files.media (id) on delete cascade,
    wholesale_account_id uuid not null
    references commerce.wholesale_accounts (id) on delete cascade,
    kind text not null,
    created_at timestamptz not null
);
comment on table commerce.wholesale_documents is
'Papers that a company hands in with its request. They belong to whoever requests.';
create index wholesale_documents_account_idx
on commerce.wholesale_documents (wholesale_account_id);

create table commerce.wholesale_buyers (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    wholesale_account_id uuid not null,
    -- The address that was invited.
    email text not null,
    -- Null until the invitation is accepted.
    user_id uuid references auth.users (id) on delete cascade,
    role commerce.wholesale_role not null,
    -- An order of more than this is for an approver to place; null: any order.
    order_limit_minor bigint,
    -- What grants the buyer the prices; null unless the account is approved.
    entitlement_id uuid,
    invited_at timestamptz not null,
    joined_at timestamptz,

    constraint wholesale_buyers_business_id_id_unique unique (business_id, id),
    constraint wholesale_buyers_email_unique unique (business_id, wholesale_account_id, email),
    constraint wholesale_buyers_one_company unique (business_id, user_id),
    constraint wholesale_buyers_account_fkey foreign key (business_id, wholesale_account_id)
    references commerce.wholesale_accounts (business_id, id) on delete cascade,
    constraint wholesale_buyers_entitlement_fkey foreign key (business_id, entitlement_id)
    references customers.entitlements (business_id, id) on delete set null (entitlement_id),
    constraint wholesale_buyers_join_once check ((user_id is null) = (joined_at is null)),
    constraint wholesale_buyers_limit_is_sane check (
        coalesce(order_limit_minor between 0 and 1000000000000, true)
        and (role = 'buyer' or order_limit_minor is null)
    )
);
comment on table commerce.wholesale_buyers is
'Who orders for a company, and who is invited to.';
comment on column commerce.wholesale_buyers.user_id is '[person: delete]';
comment on column commerce.wholesale_buyers.email is '[person: delete]';
create index wholesale_buyers_user_id_idx on commerce.wholesale_buyers (user_id);
-- To which companies an address is invited.
create index wholesale_buyers_email_idx on commerce.wholesale_buyers (email)
where user_id is null;
create index wholesale_buyers_entitlement_idx
on commerce.wholesale_buyers (business_id, entitlement_id);

create table commerce.wholesale_locations (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    wholesale_account_id uuid not null,
    name text not null,
    line1 text not null,
    line2 text,
    postal_code text,
    city text not null,
    region text,
    country text not null,
    created_at timestamptz not null default now(),

    constraint wholesale_locations_business_id_id_unique unique (business_id, id),
    constraint wholesale_locations_name_unique unique (business_id, wholesale_account_id, name),
    constraint wholesale_locations_account_fkey foreign key (business_id, wholesale_account_id)
    references commerce.wholesale_accounts (business_id, id) on delete cascade,
    constraint wholesale_locations_are_short check (
        length(concat(name, line1, line2, postal_code, city, region)) <= 1000
        and private.is_one_line(concat(name, line1, line2, postal_code, city, region))
        or private.invalid('address', 'must have at most 1000 characters, all printable')
    ),
    constraint wholesale_locations_country_is_iso_3166 check (
        country ~ '^[A-Z]{2}$'
        or private.invalid('country', 'must be a two-letter ISO 3166 code, such as DE')
    )
);
comment on table commerce.wholesale_locations is 'Where a company has its orders sent.';

create table commerce.wholesale_packs (
    business_id uuid not null,
    variant_id uuid not null,
    pack_size integer not null,

    primary key (business_id, variant_id),
    constraint wholesale_packs_variant_fkey foreign key (business_id, variant_id)
    references catalog.product_variants (business_id, id) on delete cascade,
    constraint wholesale_packs_size_is_sane check (
        pack_size between 2 and 1000000
        or private.invalid('pack_size', 'must be from 2 to 1000000')
    )
);
comment on table commerce.wholesale_packs is
'How many pieces of a variant are in a pack: wholesale buyers order whole packs.';

-- An order of a company's buyer is the company's: its other buyers read it, and what is unpaid of
-- it counts for the credit.
alter table commerce.orders
add constraint orders_wholesale_account_fkey foreign key (business_id, wholesale_account_id)
references commerce.wholesale_accounts (business_id, id) on delete set null (wholesale_account_id);
create index orders_wholesale_account_idx
on commerce.orders (wholesale_account_id, placed_at, id) where wholesale_account_id is not null;
create index orders_wholesale_reference_idx
on commerce.orders (business_id, wholesale_account_id) where wholesale_account_id is not null;
