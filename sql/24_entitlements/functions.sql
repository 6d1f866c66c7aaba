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
