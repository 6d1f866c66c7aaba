-- Orders of people without an account. Reference and e-mail address together show an order; a
-- mailed code proves that it is theirs, as for guests' bookings, and cancels it or asks for a
-- return. The rules are those for customers, because the same functions do it.

/*
 * Return what a guest may see of the order with a reference and an e-mail address. A wrong
 * reference and a wrong address get the same refusal.
 * Definer: guests are not signed in; both values together are the proof.
 *
 * Errors:  PT404 not_found
 */
create function commerce.look_up_order(reference text, email text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_order constant commerce.orders = commerce.order_of_guest(
        look_up_order.reference, look_up_order.email
    );
begin
    if v_order.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no order with this reference and e-mail address.',
            'Check both: the reference has 8 characters.'
        );
    end if;
    return commerce.shown_to_guest(v_order);
end;
$$;

/*
 * Return the order with a reference that was placed with an e-mail address; all columns null if
 * there is none.
 */
create function commerce.order_of_guest(reference text, email text)
returns commerce.orders
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_order commerce.orders;
begin
    select orders.* into v_order
    from commerce.orders
    inner join sales.sales
        on sales.business_id = orders.business_id and sales.id = orders.sale_id
    where
        orders.reference = upper(btrim(order_of_guest.reference))
        and lower(sales.customer_email) = lower(btrim(order_of_guest.email));
    return v_order;
end;
$$;

/*
 * Mail a code for a guest's order that is not over. Returns nothing, so a caller does not learn
 * whether the order exists.
 * Definer: guests are not signed in, and clients have no access to the codes.
 *
 * Errors:  PT429 rate_limited
 */
create function commerce.request_order_code(reference text, email text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_request scheduling.guest_codes = scheduling.make_request(request_order_code.email);
    v_order commerce.orders = commerce.order_of_guest(
        request_order_code.reference, request_order_code.email
    );
begin
    if v_order.customer_id is null
        and v_order.status not in ('cancelled', 'expired', 'returned') then
        v_request.business_id = v_order.business_id;
        v_request.order_id = v_order.id;
    end if;
    perform scheduling.send_code(
        v_request, 'guest_order', v_request.email,
        jsonb_build_object('reference', v_order.reference)
    );
end;
$$;

/*
 * Return the order without an account that has a reference; null if there is none.
 */
create function commerce.guest_order(reference text)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select orders.id
        from commerce.orders
        where orders.reference = upper(guest_order.reference) and orders.customer_id is null
    );
end;
$$;

/*
 * Cancel a guest's order, or units of its lines. The same call again returns the order and changes
 * nothing.
 * Definer: guests are not signed in; the code proves that the order is theirs.
 *
 * Errors:  PT403 code_invalid · those of commerce.cancel_order
 */
create function commerce.cancel_as_guest(
    reference text, code text, lines commerce.line_quantity[], reason text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_code constant scheduling.guest_codes = scheduling.use_code(
        commerce.guest_order(cancel_as_guest.reference), cancel_as_guest.code,
        jsonb_build_array('cancelled', to_jsonb(lines), cancel_as_guest.reason)
    );
begin
    if v_code.id is null then
        return scheduling.code_refusal('Request a new code with request_order_code.');
    elsif v_code.used_at is null then
        perform commerce.cancel_order(v_code.order_id, lines, cancel_as_guest.reason);
    end if;
    return commerce.shown_to_guest(commerce.order_now(v_code.order_id));
end;
$$;

/*
 * Ask for a return of a guest's order, as commerce.request_return. The same call again returns the
 * order and changes nothing.
 * Definer: guests are not signed in; the code proves that the order is theirs.
 *
 * Errors:  PT403 code_invalid · those of commerce.request_return
 */
create function commerce.return_as_guest(
    reference text,
    code text,
    lines commerce.line_quantity[],
    kind commerce.return_kind,
    resolution commerce.return_resolution,
    reason text,
    replacements commerce.order_addition[]
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_code constant scheduling.guest_codes = scheduling.use_code(
        commerce.guest_order(return_as_guest.reference), return_as_guest.code,
        jsonb_build_array(
            'returned', to_jsonb(lines), return_as_guest.kind, return_as_guest.resolution,
            return_as_guest.reason, to_jsonb(replacements)
        )
    );
begin
    if v_code.id is null then
        return scheduling.code_refusal('Request a new code with request_order_code.');
    elsif v_code.used_at is null then
        perform commerce.request_return(
            v_code.order_id, lines, return_as_guest.kind, return_as_guest.resolution,
            return_as_guest.reason, return_as_guest.replacements
        );
    end if;
    return commerce.shown_to_guest(commerce.order_now(v_code.order_id));
end;
$$;
