-- The initial schema of 24_entitlements: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/24_entitlements/tables.sql

-- Who may have what, during which period. Memberships, wholesale and passes write entitlements;
-- prices, policies and availability read them and know nothing about who wrote them.

create table customers.entitlements (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    -- Whom it is for.
    customer_id uuid not null,
    -- What it gives access to, a word such as gold_member.
    access text not null,
    during tstzrange not null,
    created_at timestamptz not null default now(),
    -- The group of customers to which they belong meanwhile; null: none.
    customer_group_id uuid,

    constraint entitlements_business_id_id_unique unique (business_id, id),
    constraint entitlements_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint entitlements_group_fkey foreign key (business_id, customer_group_id)
    references customers.customer_groups (business_id, id) on delete set null (customer_group_id),
    constraint entitlements_access_is_a_word check (access ~ '^[a-z][a-z0-9_]{0,39}$'),
    constraint entitlements_last_some_time check (not isempty(during))
);
comment on table customers.entitlements is
'Who may have what during which period: written by memberships, wholesale and passes.';
comment on column customers.entitlements.customer_id is '[person]';
-- What a customer may have now.
create index entitlements_customer_idx on customers.entitlements (business_id, customer_id);
create index entitlements_group_idx on customers.entitlements (business_id, customer_group_id);

-- sql/24_entitlements/functions.sql

-- What somebody may have, and to which groups they belong.

/*
 * Return the customer of a business who is known by an account, or else by a proven address.
 */
create function customers.customer_of(business_id uuid, user_id uuid, email text)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if user_id is not null then
        return (
            select customers.id
            from customers.customers
            where
                customers.business_id = customer_of.business_id
                and customers.user_id = customer_of.user_id
        );
    end if;
    return (
        select customers.id
        from customers.customers
        where
            customers.business_id = customer_of.business_id
            and customers.user_id is null
            and customers.contact_verified_at is not null
            and lower(customers.email) = lower(customer_of.email)
    );
end;
$$;

/*
 * Return the groups of a customer at an instant: those that the business put them into, and those
 * of their entitlements.
 */
create function customers.groups_of(business_id uuid, customer_id uuid, at timestamptz)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select customer_group_members.customer_group_id
        from customers.customer_group_members
        where
            customer_group_members.business_id = groups_of.business_id
            and customer_group_members.customer_id = groups_of.customer_id
        union
        select entitlements.customer_group_id
        from customers.entitlements
        where
            entitlements.business_id = groups_of.business_id
            and entitlements.customer_id = groups_of.customer_id
            and entitlements.customer_group_id is not null
            and entitlements.during @> groups_of.at
    );
end;
$$;

/*
 * Return what a customer may have at an instant.
 */
create function customers.accesses_of(business_id uuid, customer_id uuid, at timestamptz)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select distinct entitlements.access
        from customers.entitlements
        where
            entitlements.business_id = accesses_of.business_id
            and entitlements.customer_id = accesses_of.customer_id
            and entitlements.during @> accesses_of.at
    );
end;
$$;

-- sql/24_entitlements/policies.sql

-- Clients neither read nor write entitlements: what they are worth shows in prices and rules, and
-- only the domains that grant them write them.

alter table customers.entitlements enable row level security;
grant select, insert, update, delete on customers.entitlements to service_role;

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
