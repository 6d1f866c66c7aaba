-- Whom a business takes no bookings from, whichever account or address they come with.

/*
 * Block a customer, who waits for nothing any more. Blocking again changes the reason.
 * Definer: clients do not write blocks; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function crm.block_customer(customer_id uuid, reason text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_customer customers.customers = crm.require_customer(block_customer.customer_id, 'manage');
begin
    insert into crm.customer_blocks (business_id, customer_id, reason, blocked_by, blocked_at)
    values (
        v_customer.business_id, v_customer.id, block_customer.reason, auth.uid(), private.now()
    )
    on conflict on constraint customer_blocks_pkey do update set reason = excluded.reason;
    perform crm.end_waiting(crm.identity_of(
        v_customer.business_id, coalesce(v_customer.merged_into_id, v_customer.id)
    ));
    return v_customer.id;
end;
$$;

/*
 * Take a customer off the waitlists of a business, with the times that are offered to them.
 */
create function crm.end_waiting(who crm.identity)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_entry_id uuid;
begin
    for v_entry_id in
        update scheduling.waitlist_entries
        set status = 'left'
        where
            waitlist_entries.business_id = who.business_id
            and waitlist_entries.customer_id = any(who.user_ids)
            and waitlist_entries.status = 'waiting'
        returning waitlist_entries.id
    loop
        perform scheduling.drop_turns(who.business_id, v_entry_id, null);
    end loop;
end;
$$;

/*
 * End the block of a customer, if there is one.
 * Definer: as crm.block_customer.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function crm.unblock_customer(customer_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_customer customers.customers = crm.require_customer(unblock_customer.customer_id, 'manage');
begin
    delete from crm.customer_blocks
    where
        customer_blocks.business_id = v_customer.business_id
        and customer_blocks.customer_id
        in (v_customer.id, coalesce(v_customer.merged_into_id, v_customer.id));
    return v_customer.id;
end;
$$;

/*
 * Is somebody blocked by a business: by their account, their e-mail address or their phone number?
 */
create function crm.is_blocked(business_id uuid, user_id uuid, email text, phone text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from crm.customer_blocks
        where customer_blocks.business_id = is_blocked.business_id
    )
    and exists (
        select 1
        from customers.customers
        inner join crm.customer_blocks
            on
                customer_blocks.business_id = customers.business_id
                and customer_blocks.customer_id
                = coalesce(customers.merged_into_id, customers.id)
        where
            customers.business_id = is_blocked.business_id
            and (
                customers.user_id = is_blocked.user_id
                or lower(customers.email) = lower(is_blocked.email)
                or customers.phone = is_blocked.phone
            )
    );
end;
$$;

/*
 * Refuse somebody whom a business blocked.
 *
 * Errors:  PT403 customer_blocked
 */
create function crm.refuse_blocked(business_id uuid, user_id uuid, email text, phone text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if crm.is_blocked(
        refuse_blocked.business_id, refuse_blocked.user_id, refuse_blocked.email,
        refuse_blocked.phone
    ) then
        perform private.refuse(
            'PT403', 'customer_blocked', 'This business takes no bookings from you online.',
            'Ask the business.'
        );
    end if;
end;
$$;
