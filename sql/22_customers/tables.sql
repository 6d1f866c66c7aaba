-- The customers of a business: whoever has booked or bought there, with or without an account. A
-- customer is known by the account, by an address that they proved to be theirs, or by the contact
-- that a member wrote down for a caller. Sales, bookings and price lists refer to customers and
-- groups; nothing here refers to them.

create schema customers;
comment on schema customers is 'The customers of each business and the groups they belong to.';

create table customers.customers (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- Null: somebody without an account, or whose account is gone.
    user_id uuid references auth.users (id) on delete set null,
    name text,
    email text,
    phone text,
    -- When the e-mail address was proven to be theirs; null: nobody has proven it.
    contact_verified_at timestamptz,
    created_at timestamptz not null default now(),
    -- The customer who this one turned out to be; what this one had is theirs. Never a merged one.
    merged_into_id uuid,

    constraint customers_business_id_id_unique unique (business_id, id),
    constraint customers_merged_into_fkey foreign key (business_id, merged_into_id)
    references customers.customers (business_id, id) on delete set null (merged_into_id),
    constraint customers_are_not_merged_into_themselves check (merged_into_id <> id),
    constraint customers_one_for_each_account unique (business_id, user_id),
    constraint customers_can_be_recognised check (num_nonnulls(user_id, name, email, phone) > 0),
    constraint customers_contact_is_one_line check (
        private.is_one_line(concat(name, email, phone))
        or private.invalid('name, email and phone', 'must each be one line')
    )
);
comment on table customers.customers is
'The customers of a business: one for each account, and one for each contact without one.';
comment on column customers.customers.user_id is '[person]';
comment on column customers.customers.name is '[personal: replaced]';
comment on column customers.customers.email is '[person] [personal]';
comment on column customers.customers.phone is '[person] [personal]';
comment on column customers.customers.merged_into_id is '[person]';
create index customers_user_id_idx on customers.customers (user_id);
-- A guest is recognised by the proven address.
create unique index customers_guest_email_idx
on customers.customers (business_id, lower(email))
where user_id is null and contact_verified_at is not null;

-- A caller is recognised by what they say.
create index customers_email_idx on customers.customers (business_id, lower(email));
create index customers_phone_idx on customers.customers (business_id, phone)
where phone is not null;

-- Whom an account finds by the addresses that it has proven.
create index customers_accountless_email_idx on customers.customers (lower(email))
where user_id is null;
create index customers_accountless_phone_idx on customers.customers (phone)
where user_id is null and phone is not null;

-- Who was merged into somebody?
create index customers_merged_into_idx on customers.customers (business_id, merged_into_id)
where merged_into_id is not null;

create table customers.customer_groups (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    created_at timestamptz not null default now(),

    constraint customer_groups_business_id_id_unique unique (business_id, id),
    constraint customer_groups_name_unique unique (business_id, name),
    constraint customer_groups_name_is_short check (
        length(btrim(name)) between 1 and 100 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 100 printable characters')
    )
);
comment on table customers.customer_groups is
'Groups of customers that a business treats alike, such as regulars or wholesalers.';

create table customers.customer_group_members (
    business_id uuid not null,
    customer_group_id uuid not null,
    customer_id uuid not null,

    primary key (business_id, customer_group_id, customer_id),
    constraint customer_group_members_group_fkey foreign key (business_id, customer_group_id)
    references customers.customer_groups (business_id, id) on delete cascade,
    constraint customer_group_members_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade
);
comment on table customers.customer_group_members is 'Which customers belong to which group.';
create index customer_group_members_customer_idx
on customers.customer_group_members (business_id, customer_id);
