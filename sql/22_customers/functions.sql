-- How somebody becomes a customer of a business.

/*
 * Note that somebody is a customer of a business, if it does not know them yet: an account, or a
 * guest whose address is proven. A contact that nobody has proven makes no customer.
 */
create function customers.note_customer(
    business_id uuid,
    user_id uuid,
    name text,
    email text,
    phone text,
    contact_verified_at timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if note_customer.user_id is null
        and (note_customer.email is null or note_customer.contact_verified_at is null) then
        return;
    end if;
    -- A customer who comes again costs a look, and not an insert that finds a conflict.
    if note_customer.user_id is not null and exists (
        select 1
        from customers.customers
        where
            customers.business_id = note_customer.business_id
            and customers.user_id = note_customer.user_id
    ) then
        return;
    end if;
    insert into customers.customers (
        business_id, user_id, name, email, phone, contact_verified_at, created_at
    )
    values (
        note_customer.business_id, note_customer.user_id, note_customer.name, note_customer.email,
        note_customer.phone, note_customer.contact_verified_at, private.now()
    )
    on conflict do nothing;
end;
$$;

/*
 * Give the customers that are known by a proven address to the account that has it now. A business
 * that knows the account already keeps both rows.
 */
create function customers.claim_customers(user_id uuid, email text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update customers.customers
    set user_id = claim_customers.user_id
    where
        customers.user_id is null
        and customers.contact_verified_at is not null
        and lower(customers.email) = lower(claim_customers.email)
        and not exists (
            select 1
            from customers.customers as known
            where
                known.business_id = customers.business_id
                and known.user_id = claim_customers.user_id
        );
end;
$$;

/*
 * Return the businesses of which the caller is a customer.
 * Definer: policies ask it once a statement, instead of the policy of customers.
 */
create function private.businesses_of_customer()
returns setof uuid
language plpgsql
stable
security definer
rows 5
set search_path = ''
as $$
begin
    return query
    select customers.business_id
    from customers.customers
    where customers.user_id = auth.uid();
end;
$$;
