-- The initial schema of 24_entitlements: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/24_entitlements/tables.sql

-- Who may have what, during which period. Memberships, wholesale and passes write entitlements and
-- allowances; prices, policies and availability read them and know nothing about who wrote them.

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
    -- The row of a later domain that granted it, such as a membership.
    source_id uuid,
    -- How many days further ahead than others they may book.
    advance_days integer not null default 0,

    constraint entitlements_business_id_id_unique unique (business_id, id),
    constraint entitlements_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint entitlements_group_fkey foreign key (business_id, customer_group_id)
    references customers.customer_groups (business_id, id) on delete set null (customer_group_id),
    constraint entitlements_access_is_a_word check (access ~ '^[a-z][a-z0-9_]{0,39}$'),
    constraint entitlements_last_some_time check (not isempty(during)),
    constraint entitlements_advance_is_sane check (advance_days between 0 and 3650)
);
comment on table customers.entitlements is
'Who may have what during which period: written by memberships, wholesale and passes.';
comment on column customers.entitlements.customer_id is '[person]';
-- What a customer may have now.
create index entitlements_customer_idx on customers.entitlements (business_id, customer_id);
create index entitlements_group_idx on customers.entitlements (business_id, customer_group_id);
-- What a membership granted, when it ends or is paused.
create index entitlements_source_idx on customers.entitlements (business_id, source_id)
where source_id is not null;

-- What somebody paid for before: visits or credits that pay for things until they are used up. What
-- one thing costs is copied into the allowance, as it was agreed.
create table customers.allowances (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    customer_id uuid not null,
    -- The row of a later domain that granted it, such as a period of a membership.
    source_id uuid not null,
    -- How it is called on the line that it pays.
    name text not null,
    -- When the visits that it pays may take place. A pause leaves a gap.
    during tstzmultirange not null,
    granted integer not null,
    used integer not null default 0,
    -- What it pays, such as services, and how many units one of each costs.
    item_ids uuid array not null,
    item_units integer array not null,
    created_at timestamptz not null default now(),

    constraint allowances_business_id_id_unique unique (business_id, id),
    constraint allowances_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint allowances_name_is_one_line check (private.is_one_line(name)),
    constraint allowances_are_sane check (granted between 1 and 1000000),
    constraint allowances_are_not_overdrawn check (used between 0 and granted),
    constraint allowances_say_what_each_costs check (
        cardinality(item_ids) = cardinality(item_units) and 0 < all(item_units)
    )
);
comment on table customers.allowances is
'Visits and credits that customers paid for before, and how many of them are used.';
comment on column customers.allowances.customer_id is '[person]';
-- What pays for a customer's next visit.
create index allowances_customer_idx on customers.allowances (business_id, customer_id);
create index allowances_source_idx on customers.allowances (business_id, source_id);

-- sql/24_entitlements/functions.sql

-- What somebody may have, and to which groups they belong.

/*
 * Return the customer of a business who is known by an account, or else by a proven address: of
 * a merged one, the customer who they are now.
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
            select coalesce(customers.merged_into_id, customers.id)
            from customers.customers
            where
                customers.business_id = customer_of.business_id
                and customers.user_id = customer_of.user_id
        );
    end if;
    return (
        select coalesce(customers.merged_into_id, customers.id)
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

/*
 * Has the caller, as a customer of a business, access to something at this instant?
 * Definer: nobody reads entitlements.
 */
create function customers.is_entitled(business_id uuid, access text)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return exists (
        select 1
        from customers.customers
        inner join customers.entitlements
            on
                entitlements.business_id = customers.business_id
                and entitlements.customer_id = coalesce(customers.merged_into_id, customers.id)
        where
            customers.business_id = is_entitled.business_id
            and customers.user_id = auth.uid()
            and entitlements.access = is_entitled.access
            and entitlements.during @> private.now()
    );
end;
$$;

/*
 * Return how many days further ahead than others the caller may book at a business.
 * Definer: as customers.is_entitled.
 */
create function customers.extra_advance_days(business_id uuid)
returns integer
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select coalesce(max(entitlements.advance_days), 0)
        from customers.customers
        inner join customers.entitlements
            on
                entitlements.business_id = customers.business_id
                and entitlements.customer_id = coalesce(customers.merged_into_id, customers.id)
        where
            customers.business_id = extra_advance_days.business_id
            and customers.user_id = auth.uid()
            and entitlements.during @> private.now()
    );
end;
$$;

/*
 * Grant a customer access to something during a period.
 */
create function customers.grant_access(
    business_id uuid,
    customer_id uuid,
    source_id uuid,
    access text,
    advance_days integer,
    during tstzrange
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if not isempty(grant_access.during) then
        insert into customers.entitlements (
            business_id, customer_id, source_id, access, advance_days, during, created_at
        )
        values (
            grant_access.business_id, grant_access.customer_id, grant_access.source_id,
            grant_access.access, grant_access.advance_days, grant_access.during, private.now()
        );
    end if;
end;
$$;

/*
 * End the access that something granted at an instant. What it granted from then on is deleted.
 */
create function customers.end_access(business_id uuid, source_id uuid, at timestamptz)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    delete from customers.entitlements
    where
        entitlements.business_id = end_access.business_id
        and entitlements.source_id = end_access.source_id
        and lower(entitlements.during) >= end_access.at;
    update customers.entitlements
    set during = tstzrange(lower(entitlements.during), end_access.at)
    where
        entitlements.business_id = end_access.business_id
        and entitlements.source_id = end_access.source_id
        and entitlements.during @> end_access.at;
end;
$$;

/*
 * Use some units of an allowance. Returns whether so many were left; whoever comes at the same
 * moment waits for the row.
 */
create function customers.use_allowance(business_id uuid, allowance_id uuid, units integer)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update customers.allowances
    set used = allowances.used + use_allowance.units
    where
        allowances.business_id = use_allowance.business_id
        and allowances.id = use_allowance.allowance_id
        and allowances.used + use_allowance.units <= allowances.granted;
    return found;
end;
$$;

-- sql/24_entitlements/policies.sql

-- Clients do not write entitlements and allowances: only the domains that grant them do. They do
-- not read entitlements either: what these are worth shows in prices and rules. Whoever reads a
-- customer reads what is left of their allowances.

alter table customers.entitlements enable row level security;
alter table customers.allowances enable row level security;
grant select, insert, update, delete
on customers.entitlements, customers.allowances
to service_role;
grant select on customers.allowances to authenticated;

create policy allowances_select
on customers.allowances
for select
to authenticated
using (
    exists (
        select 1
        from customers.customers
        where
            customers.business_id = allowances.business_id
            and customers.id = allowances.customer_id
    )
);

-- What only some customers may see or book asks these.
grant execute on function
customers.is_entitled(uuid, text),
customers.extra_advance_days(uuid)
to anon, authenticated, service_role;

-- sql/24_entitlements/api.sql

-- What customers paid for before, and what is left of it.

create view public.allowances
with (security_invoker = true)
as
select
    allowances.id,
    allowances.business_id,
    allowances.customer_id,
    allowances.name,
    lower(allowances.during) as starts_at,
    upper(allowances.during) as ends_at,
    allowances.granted,
    allowances.used,
    allowances.granted - allowances.used as remaining,
    allowances.item_ids,
    allowances.item_units,
    allowances.created_at
from customers.allowances;
grant select on public.allowances to authenticated, service_role;

comment on view public.allowances is
'Visits and credits that customers paid for before: those of a pass, or of a period of a '
'membership. They pay for bookings by themselves, those that end first. Customers read theirs, '
'members who serve those of their business. Page by (created_at, id).';
comment on column public.allowances.id is 'Key.';
comment on column public.allowances.business_id is 'The business that granted it.';
comment on column public.allowances.customer_id is 'Whose it is, a row of customers.';
comment on column public.allowances.name is 'How it is called on the line that it pays.';
comment on column public.allowances.starts_at is 'From when visits may take place.';
comment on column public.allowances.ends_at is
'Before when visits must begin. Null: it was ended.';
comment on column public.allowances.granted is 'How many visits or credits it had.';
comment on column public.allowances.used is
'How many are used. A booking that is cancelled in time gives them back.';
comment on column public.allowances.remaining is 'How many are left: granted less used.';
comment on column public.allowances.item_ids is 'What it pays for: services.';
comment on column public.allowances.item_units is
'How many visits or credits one of each costs, at the same place as in item_ids.';
comment on column public.allowances.created_at is 'When it was granted.';

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
