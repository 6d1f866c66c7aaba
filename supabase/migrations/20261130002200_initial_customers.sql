-- The initial schema of 22_customers: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/22_customers/tables.sql

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

-- sql/22_customers/functions.sql

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

-- sql/22_customers/rules.sql

-- What a constraint on customers cannot say.

create trigger _010_refuse_bad_input
before insert or update on customers.customer_groups
for each row
execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on customers.customer_group_members
for each row
execute function business.any__refuse_bad_input('manage');

-- sql/22_customers/policies.sql

-- Members who serve customers read them; a customer reads what a business keeps about them. Nobody
-- writes customers directly: buying makes one. Managers keep the groups.

grant usage on schema customers to anon, authenticated, service_role;

alter table customers.customers enable row level security;
alter table customers.customer_groups enable row level security;
alter table customers.customer_group_members enable row level security;

grant select on customers.customers to authenticated;
grant select, insert (id, business_id, name), update (name), delete
on customers.customer_groups to authenticated;
grant select, insert (business_id, customer_group_id, customer_id), delete
on customers.customer_group_members to authenticated;
grant select, insert, update, delete
on customers.customers, customers.customer_groups, customers.customer_group_members
to service_role;

create policy customers_select
on customers.customers
for select
to authenticated
using (
    id = any(array(select customers.mine()))
    or business_id = any(array(select private.my_businesses('serve')))
);

create policy customer_groups_select
on customers.customer_groups
for select
to authenticated
using (business_id in (select private.my_businesses('serve')));

create policy customer_groups_insert
on customers.customer_groups
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy customer_groups_update
on customers.customer_groups
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy customer_groups_delete
on customers.customer_groups
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

create policy customer_group_members_select
on customers.customer_group_members
for select
to authenticated
using (business_id in (select private.my_businesses('serve')));

create policy customer_group_members_insert
on customers.customer_group_members
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy customer_group_members_delete
on customers.customer_group_members
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- Members and customers read a business in any state: bookings and receipts keep its name after it
-- was switched off or suspended. The set is asked only for businesses that are not open.
create policy businesses_select
on business.businesses
for select
to authenticated
using (
    status = 'approved' and is_active
    or id in (select private.known_businesses())
    or (select private.is_platform_staff('support'))
);

grant execute on function private.known_businesses(), customers.mine()
to authenticated, service_role;

-- sql/22_customers/api.sql

-- What clients read about customers, and the groups that managers keep.

create view public.customers
with (security_invoker = true)
as
select
    customers.id,
    customers.business_id,
    customers.user_id,
    customers.name,
    customers.email,
    customers.phone,
    customers.contact_verified_at,
    customers.created_at,
    customers.merged_into_id
from customers.customers;
grant select on public.customers to authenticated, service_role;

comment on view public.customers is
'The customers of a business: everybody who bought there with an account or with a proven '
'address, and those whose contact a member wrote down with book_for. Members who serve customers '
'read those of their business; everybody reads their own rows.';
comment on column public.customers.id is 'Key.';
comment on column public.customers.business_id is 'The business whose customer it is.';
comment on column public.customers.user_id is
'The account; null for a guest, and once the account is gone.';
comment on column public.customers.name is 'The name at the first purchase.';
comment on column public.customers.email is 'The e-mail address at the first purchase.';
comment on column public.customers.phone is 'The phone number at the first purchase.';
comment on column public.customers.contact_verified_at is
'When a guest proved that the e-mail address is theirs; null for accounts, and for a contact that '
'only a member wrote down.';
comment on column public.customers.created_at is 'When they became a customer.';
comment on column public.customers.merged_into_id is
'The customer into whom merge_customers merged this one; null: not merged. What this one had is '
'theirs.';

create view public.customer_groups
with (security_invoker = true)
as
select
    customer_groups.id,
    customer_groups.business_id,
    customer_groups.name,
    customer_groups.created_at
from customers.customer_groups;
grant select, insert, update, delete on public.customer_groups to authenticated, service_role;

comment on view public.customer_groups is
'Groups of customers that a business treats alike. Members who serve customers read them, '
'managers write them.';
comment on column public.customer_groups.id is 'Key.';
comment on column public.customer_groups.business_id is 'The business.';
comment on column public.customer_groups.name is '1 to 100 characters, once in a business.';
comment on column public.customer_groups.created_at is 'When it was made.';

create view public.customer_group_members
with (security_invoker = true)
as
select
    customer_group_members.business_id,
    customer_group_members.customer_group_id,
    customer_group_members.customer_id
from customers.customer_group_members;
grant select, insert, delete on public.customer_group_members to authenticated, service_role;

comment on view public.customer_group_members is
'Which customers belong to which group. Members who serve customers read them, managers write '
'them.';
comment on column public.customer_group_members.business_id is 'The business.';
comment on column public.customer_group_members.customer_group_id is 'The group.';
comment on column public.customer_group_members.customer_id is 'The customer.';

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
