-- How members keep the customers of a business: one by one, or many from a list.

/*
 * Write down a customer without an account. Returns the id.
 * Definer: nobody has a write grant on customers; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function crm.add_customer(business_id uuid, name text, email text, phone text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
begin
    perform private.require_member(add_customer.business_id, 'serve');
    if num_nonnulls(add_customer.name, add_customer.email, add_customer.phone) = 0 then
        perform private.invalid('name', 'or an e-mail address or a phone number is required');
    end if;
    insert into customers.customers (business_id, name, email, phone, created_at)
    values (
        add_customer.business_id, add_customer.name, add_customer.email, add_customer.phone,
        private.now()
    )
    returning customers.id into v_id;
    return v_id;
end;
$$;

/*
 * Change what a business knows of a customer; null leaves it as it is. Another e-mail address is
 * not proven.
 * Definer: as crm.add_customer.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function crm.update_customer(customer_id uuid, name text, email text, phone text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_customer customers.customers = crm.require_customer(update_customer.customer_id);
begin
    update customers.customers
    set
        name = coalesce(update_customer.name, customers.name),
        email = coalesce(update_customer.email, customers.email),
        phone = coalesce(update_customer.phone, customers.phone),
        contact_verified_at = case
            when lower(update_customer.email) <> lower(customers.email) then null
            else customers.contact_verified_at
        end
    where customers.id = v_customer.id;
    return v_customer.id;
end;
$$;

/*
 * Delete a customer of whom nothing is known but their contact, notes, tags and groups. Returns
 * whether there was one.
 * Definer: as crm.add_customer.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 in_use
 */
create function crm.delete_customer(customer_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_customer customers.customers = crm.require_customer(delete_customer.customer_id, 'manage');
    v_who crm.identity = crm.identity_of(v_customer.business_id, v_customer.id);
begin
    perform crm.lock_customers(v_customer.business_id, array[v_customer.id]);
    if v_customer.user_id is not null
        or exists (select 1 from crm.sales_of(v_who))
        or exists (select 1 from crm.bookings_of(v_who))
        or crm.has_history(v_customer) then
        perform private.refuse(
            'PT409', 'in_use', 'This customer has a history with the business.',
            'Erase what is personal with erase_person, or merge them with merge_customers.'
        );
    end if;
    delete from customers.customers where customers.id = v_customer.id;
end;
$$;

/*
 * Does a row that a business keeps refer to a customer: anything but what members noted about
 * them?
 */
create function crm.has_history(customer customers.customers)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_rule crm.merge_rules;
    v_found boolean;
begin
    for v_rule in
        select merge_rules.*
        from crm.merge_rules
        where merge_rules.relation not in (
            'crm.customer_notes', 'crm.customer_tags', 'crm.customer_blocks', 'crm.consents',
            'customers.customer_group_members', 'scheduling.customer_preferences'
        )
    loop
        execute format(
            'select exists (select 1 from %s where business_id = $1 and %I = $2)',
            v_rule.relation::regclass, v_rule.column_name
        )
        into v_found
        using customer.business_id, customer.id;
        if v_found then
            return true;
        end if;
    end loop;
    return false;
end;
$$;
