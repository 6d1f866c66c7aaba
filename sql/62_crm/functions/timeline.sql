-- What happened with a customer, from every domain.

/*
 * Return what a customer booked, ordered and paid.
 */
create function crm.purchases_of(who crm.identity)
returns setof public.customer_event
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        bookings.starts_at,
        'booking',
        bookings.id,
        bookings.status::text,
        bookings.reference,
        bookings.total_minor,
        bookings.currency
    from crm.bookings_of(who) as bookings
    union all
    select
        orders.placed_at,
        'order',
        orders.id,
        orders.status::text,
        orders.reference,
        null,
        bought.currency
    from crm.sales_of(who) as bought
    inner join commerce.orders
        on orders.business_id = bought.business_id and orders.sale_id = bought.id
    union all
    select
        payment_parts.created_at,
        'payment',
        payment_parts.payment_id,
        payment_parts.status::text,
        payment_parts.provider,
        payment_parts.captured_minor - payment_parts.refunded_minor,
        payment_parts.currency
    from crm.sales_of(who) as bought
    inner join money.payment_parts
        on payment_parts.business_id = bought.business_id and payment_parts.sale_id = bought.id;
end;
$$;

/*
 * Return the memberships and the credit of a customer.
 */
create function crm.records_of(who crm.identity)
returns setof public.customer_event
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        memberships.joined_at,
        'membership',
        memberships.id,
        memberships.status_at(memberships, private.now())::text,
        membership_plans.name,
        memberships.price_minor,
        memberships.currency
    from memberships.memberships
    inner join memberships.membership_plans
        on
            membership_plans.business_id = memberships.business_id
            and membership_plans.id = memberships.plan_id
    where
        memberships.business_id = who.business_id
        and memberships.customer_id = any(who.customer_ids)
    union all
    select
        credits.created_at,
        'credit',
        credits.id,
        null,
        credits.reason,
        credits.amount_minor,
        credits.currency
    from money.credits
    where
        credits.business_id = who.business_id
        and credits.customer_id = any(who.customer_ids);
end;
$$;

/*
 * Return the notes on a customer that the caller may read.
 */
create function crm.notes_of(who crm.identity)
returns setof public.customer_event
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        customer_notes.created_at,
        'note',
        customer_notes.id,
        customer_notes.kind::text,
        customer_notes.body,
        null::bigint,
        null::text
    from crm.customer_notes
    where
        customer_notes.business_id = who.business_id
        and customer_notes.customer_id = any(who.customer_ids)
        and (
            private.is_operator()
            or row(customer_notes.business_id, customer_notes.kind)::crm.note_scope
            = any(array(select crm.note_kinds('read')))
        );
end;
$$;

/*
 * Return what was written to and by a customer.
 */
create function crm.messages_of(who crm.identity)
returns setof public.customer_event
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.sent_at,
        'message',
        messages.id,
        messages.sender::text,
        messages.body,
        null::bigint,
        null::text
    from crm.conversations
    inner join crm.messages
        on
            messages.business_id = conversations.business_id
            and messages.conversation_id = conversations.id
    where
        conversations.business_id = who.business_id
        and conversations.customer_id = any(who.customer_ids);
end;
$$;

/*
 * Return the published reviews of what a customer booked or bought.
 */
create function crm.reviews_of(who crm.identity)
returns setof public.customer_event
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        reviews.published_at,
        'review',
        reviews.id,
        reviews.rating::text,
        reviews.body,
        null::bigint,
        null::text
    from reviews.reviews
    where
        reviews.business_id = who.business_id
        and reviews.status = 'published'
        and reviews.published_at is not null
        and (
            reviews.booking_id in (select bookings.id from crm.bookings_of(who) as bookings)
            or reviews.sale_line_id in (
                select sale_lines.id
                from crm.sales_of(who) as bought
                inner join sales.sale_lines
                    on
                        sale_lines.business_id = bought.business_id
                        and sale_lines.sale_id = bought.id
            )
        );
end;
$$;

/*
 * Return what happened with a customer before an instant, or at that instant before an id, the
 * latest first.
 * Definer: bookings and sales are found by contact, which an index serves only without policies.
 * The caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function crm.timeline(
    customer_id uuid, kinds text[], before_at timestamptz, before_id uuid, row_count integer
)
returns setof public.customer_event
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_customer customers.customers = crm.require_customer(timeline.customer_id);
    v_who crm.identity = crm.identity_of(v_customer.business_id, v_customer.id);
begin
    return query
    select events.*
    from (
        select purchases.* from crm.purchases_of(v_who) as purchases
        union all
        select records.* from crm.records_of(v_who) as records
        union all
        select notes.* from crm.notes_of(v_who) as notes
        union all
        select messages.* from crm.messages_of(v_who) as messages
        union all
        select reviews.* from crm.reviews_of(v_who) as reviews
    ) as events
    where
        (timeline.kinds is null or events.kind = any(timeline.kinds))
        and (
            timeline.before_at is null
            or events.at < timeline.before_at
            or events.at = timeline.before_at and events.id < timeline.before_id
        )
    order by events.at desc, events.id desc
    limit timeline.row_count;
end;
$$;

/*
 * Read the kinds of events that a caller wants; null is all.
 *
 * Errors:  PT400 invalid_input
 */
create function crm.to_event_kinds(value text)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_kinds text[];
begin
    if value is null then
        return null;
    end if;
    v_kinds = array(
        select jsonb_array_elements_text(private.to_list(value, 'kinds', 20))
    );
    if not v_kinds <@ array[
        'booking', 'order', 'payment', 'membership', 'credit', 'review', 'note', 'message'
    ] then
        perform private.invalid(
            'kinds',
            'must be of booking, order, payment, membership, credit, review, note and message'
        );
    end if;
    return v_kinds;
end;
$$;
