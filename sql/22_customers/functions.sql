-- How somebody becomes a customer of a business.

/*
 * Note that somebody is a customer of a business, if it does not know them yet: an account, or a
 * guest whose address is proven. customers.note_contact notes a contact that only a member knows.
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
    if note_customer.user_id is not null
        and customers.link_account(note_customer.user_id, note_customer.business_id) > 0 then
        return;
    end if;
    if note_customer.user_id is null and customers.confirm_contact(
        note_customer.business_id, note_customer.email, note_customer.contact_verified_at
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
 * Record that somebody proved the address by which a business knew them unproven so far. Returns
 * whether it did, or whether the address was proven before.
 */
create function customers.confirm_contact(business_id uuid, email text, verified_at timestamptz)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_known customers.customers;
begin
    select customers.* into v_known
    from customers.customers
    where
        customers.business_id = confirm_contact.business_id
        and customers.user_id is null
        and lower(customers.email) = lower(confirm_contact.email)
    order by customers.contact_verified_at, customers.created_at
    limit 1;
    update customers.customers
    set contact_verified_at = verified_at
    where customers.id = v_known.id and customers.contact_verified_at is null;
    return v_known.id is not null;
end;
$$;

/*
 * Note a customer by a member's word for their contact. Nobody has proven it. A customer whom the
 * business knows by the same e-mail address, or else by the same phone number, is the same; what an
 * unproven one lacks is added. Somebody without a contact cannot be recognised, and is not noted.
 */
create function customers.note_contact(business_id uuid, name text, email text, phone text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_known_id uuid;
begin
    if num_nonnulls(note_contact.email, note_contact.phone) = 0 then
        return;
    end if;
    -- Two members may write the same caller down at once.
    perform private.lock(array[md5('contact ' || note_contact.business_id)::uuid]);
    v_known_id = customers.known_by(
        note_contact.business_id, note_contact.email, note_contact.phone
    );
    if v_known_id is null then
        insert into customers.customers (business_id, name, email, phone, created_at)
        values (
            note_contact.business_id, note_contact.name, note_contact.email, note_contact.phone,
            private.now()
        );
        return;
    end if;
    update customers.customers
    set
        name = coalesce(customers.name, note_contact.name),
        email = coalesce(customers.email, note_contact.email),
        phone = coalesce(customers.phone, note_contact.phone)
    where
        customers.id = v_known_id
        and customers.user_id is null
        and customers.contact_verified_at is null;
end;
$$;

/*
 * Return the customer whom a business knows by an e-mail address or, unless the addresses differ,
 * by a phone number: first accounts and proven addresses.
 */
create function customers.known_by(business_id uuid, email text, phone text)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select customers.id
        from customers.customers
        where
            customers.business_id = known_by.business_id
            and (
                lower(customers.email) = lower(known_by.email)
                or customers.phone = known_by.phone
                and (customers.email is null or known_by.email is null)
            )
        order by
            lower(customers.email) is distinct from lower(known_by.email),
            customers.user_id is null,
            customers.contact_verified_at is null,
            customers.created_at
        limit 1
    );
end;
$$;

/*
 * Give an account the customers without one who are known by an e-mail address or a phone number
 * that the account has proven: in one business, or in all. Returns how many. A business that knows
 * the account already keeps both rows; of several in a business the account gets the one whose
 * address was proven, or else the oldest.
 */
create function customers.link_account(user_id uuid, business_id uuid default null)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_count integer;
begin
    update customers.customers
    set user_id = link_account.user_id
    from customers.without_account(link_account.user_id, link_account.business_id) as linked
    where customers.id = linked.id and customers.user_id is null;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

/*
 * Return the customers whom customers.link_account gives to an account, one in each business.
 */
create function customers.without_account(user_id uuid, business_id uuid)
returns table (id uuid)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_email text;
    v_phone text;
begin
    select
        case when users.email_confirmed_at is not null then lower(users.email) end,
        case when users.phone_confirmed_at is not null then '+' || ltrim(users.phone, '+') end
    into v_email, v_phone
    from auth.users
    where users.id = without_account.user_id;
    return query
    select distinct on (customers.business_id) customers.id
    from customers.customers
    where
        customers.user_id is null
        and customers.merged_into_id is null
        and (lower(customers.email) = v_email or customers.phone = v_phone)
        and (
            without_account.business_id is null
            or customers.business_id = without_account.business_id
        )
        and not exists (
            select 1
            from customers.customers as known
            where
                known.business_id = customers.business_id
                and known.user_id = without_account.user_id
        )
    order by customers.business_id, customers.contact_verified_at, customers.created_at;
end;
$$;

/*
 * Return the businesses that the caller knows in any state: those of which they are a member, in
 * whichever role, or a customer; an API key knows its own. One function reads both, because a
 * policy pays for each that it asks.
 * Definer: policies ask it once a statement, instead of the policies of members and customers.
 */
create function private.known_businesses()
returns setof uuid
language plpgsql
stable
security definer
rows 5
set search_path = ''
as $$
declare
    v_user_id constant uuid = auth.uid();
begin
    if current_setting('role') = 'api_key' then
        return query select private.my_businesses('view');
        return;
    end if;
    return query
    select business_members.business_id
    from business.business_members
    where business_members.user_id = v_user_id
    union all
    select customers.business_id
    from customers.customers
    where customers.user_id = v_user_id;
end;
$$;

/*
 * Return the rows of customers that are the signed-in user, and those into which they were merged.
 * Definer: policies ask it once a statement, instead of the policy of customers.
 */
create function customers.mine()
returns setof uuid
language plpgsql
stable
security definer
rows 5
set search_path = ''
as $$
begin
    return query
    select mine.id
    from customers.customers
    cross join lateral unnest(array[customers.id, customers.merged_into_id]) as mine (id)
    where customers.user_id = auth.uid() and mine.id is not null;
end;
$$;
