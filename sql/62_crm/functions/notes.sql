-- Who reads and writes which notes, and whom a customer is known as.

/*
 * Return the kinds of notes that the caller may read, or write, in each of their businesses.
 * Definer: policies ask it once a statement, and members do not read every permission.
 */
create function crm.note_kinds(access text)
returns setof crm.note_scope
language plpgsql
stable
security definer
rows 20
set search_path = ''
as $$
begin
    return query
    select mine.id, kinds.kind
    from unnest(array['serve', 'manage', 'own']) as needed (permission)
    cross join lateral private.my_businesses(needed.permission) as mine (id)
    cross join unnest(enum_range(null::crm.note_kind)) as kinds (kind)
    left join crm.note_permissions
        on
            note_permissions.business_id = mine.id
            and note_permissions.kind = kinds.kind
    where
        needed.permission = coalesce(
            case note_kinds.access
                when 'read' then note_permissions.read_permission
                when 'write' then note_permissions.write_permission
            end,
            'serve'
        );
end;
$$;

/*
 * Return a customer whom the caller serves.
 * Definer: it must tell a customer who does not exist from one that the caller may not change.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function crm.require_customer(customer_id uuid, permission text default 'serve')
returns customers.customers
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_customer customers.customers;
begin
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    select customers.* into v_customer
    from customers.customers
    where
        customers.id = require_customer.customer_id
        and (
            private.is_operator()
            or customers.business_id in (select private.my_businesses('serve'))
        );
    if v_customer.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such customer.',
            'Check the id in the view customers.'
        );
    end if;
    perform private.require_member(v_customer.business_id, require_customer.permission);
    return v_customer;
end;
$$;

/*
 * Return everything by which a customer is known.
 */
create function crm.identity_of(business_id uuid, customer_id uuid)
returns crm.identity
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_identity crm.identity;
begin
    v_identity.business_id = identity_of.business_id;
    select
        array_agg(customers.id),
        array_remove(array_agg(customers.user_id), null),
        array_remove(array_agg(lower(customers.email)), null),
        array_remove(array_agg(customers.phone), null)
    into
        v_identity.customer_ids, v_identity.user_ids, v_identity.emails, v_identity.phones
    from customers.customers
    where
        customers.business_id = identity_of.business_id
        and (
            customers.id = identity_of.customer_id
            or customers.merged_into_id = identity_of.customer_id
        );
    return v_identity;
end;
$$;

/*
 * Return the row of a customer as the API shows it.
 */
create function crm.visible_customer(customer_id uuid)
returns public.customers
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_customer public.customers;
begin
    select customers.* into v_customer
    from public.customers
    where customers.id = visible_customer.customer_id;
    return v_customer;
end;
$$;
