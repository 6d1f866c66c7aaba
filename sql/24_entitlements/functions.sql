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
