-- How a business and a customer write to each other. Both sides call the same functions; which side
-- a caller is on follows from who they are: a member who serves customers writes for the business.

/*
 * Return the customer of a business who the caller is. The business gets to know them now, if it
 * did not before.
 *
 * Errors:  PT404 not_found
 */
create function crm.caller_as_customer(business_id uuid)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
begin
    if not exists (
        select 1
        from private.known_businesses() as known (id)
        where known.id = caller_as_customer.business_id
    )
        and not business.is_open(business_id) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such business.',
            'Check the id in the view businesses.'
        );
    end if;
    perform customers.note_customer(
        caller_as_customer.business_id, profiles.id, profiles.full_name, profiles.email,
        profiles.phone, null
    )
    from identity.profiles
    where profiles.id = v_user_id;
    return customers.customer_of(caller_as_customer.business_id, v_user_id, null);
end;
$$;

/*
 * Refuse a booking or an order that is not the customer's.
 *
 * Errors:  PT404 not_found
 */
create function crm.require_matter(
    business_id uuid, customer_id uuid, booking_id uuid, order_id uuid
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_who crm.identity = crm.identity_of(require_matter.business_id, require_matter.customer_id);
begin
    if booking_id is not null and not exists (
        select 1
        from crm.bookings_of(v_who) as bookings
        where bookings.id = require_matter.booking_id
    )
    or order_id is not null and not exists (
        select 1
        from commerce.orders
        inner join crm.sales_of(v_who) as bought on bought.id = orders.sale_id
        where
            orders.business_id = require_matter.business_id
            and orders.id = require_matter.order_id
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such booking or order of this customer.',
            'Check the id in the views bookings and orders.'
        );
    end if;
end;
$$;

/*
 * Return the conversation of a business with a customer about a booking, an order, or neither. It
 * is made when there is none.
 */
create function crm.conversation_about(
    business_id uuid, customer_id uuid, booking_id uuid, order_id uuid
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
begin
    insert into crm.conversations (
        business_id, customer_id, booking_id, order_id, created_at, last_message_at
    )
    values (
        conversation_about.business_id, conversation_about.customer_id,
        conversation_about.booking_id, conversation_about.order_id, private.now(), private.now()
    )
    on conflict on constraint conversations_one_for_each_matter do nothing
    returning conversations.id into v_id;
    if v_id is null then
        select conversations.id into strict v_id
        from crm.conversations
        inner join customers.customers on customers.id = conversation_about.customer_id
        where
            conversations.business_id = conversation_about.business_id
            and conversations.customer_id = coalesce(customers.merged_into_id, customers.id)
            and conversations.booking_id is not distinct from conversation_about.booking_id
            and conversations.order_id is not distinct from conversation_about.order_id;
    end if;
    return v_id;
end;
$$;

/*
 * Write to a business, or from a business to a customer: a first message, or a further one about
 * the same. Returns the conversation.
 * Definer: nobody has a write grant on conversations; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden customer_blocked
 *          PT404 not_found
 */
create function crm.start_conversation(
    business_id uuid, customer_id uuid, booking_id uuid, order_id uuid, body text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_customer customers.customers;
    v_customer_id uuid;
    v_conversation_id uuid;
begin
    if start_conversation.customer_id is null then
        v_customer_id = crm.caller_as_customer(start_conversation.business_id);
    else
        v_customer = crm.require_customer(start_conversation.customer_id);
        if v_customer.business_id <> start_conversation.business_id then
            perform private.invalid('customer_id', 'must be a customer of the business');
        end if;
        v_customer_id = coalesce(v_customer.merged_into_id, v_customer.id);
    end if;
    perform crm.require_matter(
        start_conversation.business_id, v_customer_id, start_conversation.booking_id,
        start_conversation.order_id
    );
    v_conversation_id = crm.conversation_about(
        start_conversation.business_id, v_customer_id, start_conversation.booking_id,
        start_conversation.order_id
    );
    perform crm.add_message(
        v_conversation_id,
        case when v_customer.id is null then 'customer' else 'business' end::crm.side,
        start_conversation.body
    );
    return v_conversation_id;
end;
$$;

/*
 * Return the side on which the caller is in a conversation.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function crm.require_side(conversation_id uuid)
returns crm.side
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_conversation crm.conversations;
begin
    perform private.token_user_id();
    select conversations.* into v_conversation
    from crm.conversations
    where conversations.id = require_side.conversation_id;
    if v_conversation.business_id in (select private.my_businesses('serve')) then
        return 'business';
    elsif v_conversation.customer_id in (select customers.mine()) then
        return 'customer';
    end if;
    perform private.refuse(
        'PT404', 'not_found', 'There is no such conversation.',
        'Check the id in the view conversations.'
    );
end;
$$;

/*
 * Answer in a conversation. Returns the message.
 * Definer: as crm.start_conversation.
 *
 * Errors:  PT401 not_signed_in · PT403 customer_blocked · PT404 not_found
 */
create function crm.send_message(conversation_id uuid, body text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    return crm.add_message(
        send_message.conversation_id, crm.require_side(send_message.conversation_id),
        send_message.body
    );
end;
$$;

/*
 * Add a message to a conversation. The other side is told.
 *
 * Errors:  PT403 customer_blocked
 */
create function crm.add_message(conversation_id uuid, sender crm.side, body text)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_message crm.messages;
    v_customer customers.customers;
begin
    update crm.conversations
    set last_message_at = private.now()
    from customers.customers
    where
        conversations.id = add_message.conversation_id
        and customers.id = conversations.customer_id
    returning customers.* into v_customer;
    if add_message.sender = 'customer' then
        perform crm.refuse_blocked(
            v_customer.business_id, auth.uid(), v_customer.email, v_customer.phone
        );
    end if;
    insert into crm.messages (business_id, conversation_id, sender, author_id, body, sent_at)
    values (
        v_customer.business_id, add_message.conversation_id, add_message.sender, auth.uid(),
        add_message.body, private.now()
    )
    returning messages.* into v_message;
    perform crm.note_read(v_message.business_id, add_message.conversation_id);
    perform private.emit('message.sent', jsonb_build_object(
        'message_id', v_message.id, 'business_id', v_message.business_id
    ));
    return v_message.id;
end;
$$;

/*
 * Note that the caller has read a conversation until now.
 */
create function crm.note_read(business_id uuid, conversation_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into crm.message_reads (business_id, conversation_id, user_id, read_at)
    select note_read.business_id, note_read.conversation_id, auth.uid(), private.now()
    where auth.uid() is not null
    on conflict on constraint message_reads_pkey do update
    set read_at = greatest(message_reads.read_at, excluded.read_at);
end;
$$;

/*
 * Mark a conversation as read by the caller.
 * Definer: as crm.start_conversation.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function crm.read_conversation(conversation_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform crm.require_side(read_conversation.conversation_id);
    perform crm.note_read(conversations.business_id, conversations.id)
    from crm.conversations
    where conversations.id = read_conversation.conversation_id;
end;
$$;
