-- Orders of people without an account. Reference and e-mail address together show an order; a
-- mailed code proves that it is theirs, as for guests' bookings, and cancels it or asks for a
-- return. The rules are those for customers, because the same functions do it.

/*
 * May the caller act on an order as its guest, because the right code was given in this
 * transaction?
 * Definer: triggers ask it, and nobody reads codes.
 */
create function commerce.is_proven(order_id uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return exists (
        select 1
        from scheduling.guest_codes
        where
            guest_codes.order_id = is_proven.order_id
            and guest_codes.proven_in = pg_current_xact_id_if_assigned()
    );
end;
$$;

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
    v_request scheduling.guest_codes = scheduling.make_request(
        lower(request_order_code.email), private.caller_address()
    );
    v_order commerce.orders;
    v_code text;
begin
    perform scheduling.refuse_flood(v_request.email, v_request.ip);
    v_order = commerce.order_of_guest(request_order_code.reference, v_request.email);
    if v_order.customer_id is null
        and v_order.status not in ('cancelled', 'expired', 'returned') then
        v_request.business_id = v_order.business_id;
        v_request.order_id = v_order.id;
    end if;
    v_code = scheduling.store_code(v_request);
    if v_request.order_id is not null then
        perform commerce.mail_order_code(v_order, v_request, v_code);
    end if;
end;
$$;

/*
 * Mail the code of an order to the address with which it was placed. The mail contains no text from
 * the guest, so nobody can use it to send spam.
 */
create function commerce.mail_order_code(
    placed commerce.orders, request scheduling.guest_codes, code text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'auth.mail',
        jsonb_build_object(
            'kind', 'guest_order',
            'to', sales.customer_email,
            'locale', businesses.locale,
            'code', mail_order_code.code,
            'expires_in', extract(epoch from request.expires_at - private.now())::integer,
            'business_name', businesses.name,
            'reference', placed.reference
        )
    )
    from business.businesses
    inner join sales.sales on sales.business_id = businesses.id
    where businesses.id = placed.business_id and sales.id = placed.sale_id;
end;
$$;

/*
 * Check the latest code of a guest's order, as scheduling.use_code.
 */
create function commerce.prove_order(reference text, code text, act jsonb)
returns scheduling.guest_codes
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_code scheduling.guest_codes;
begin
    select guest_codes.* into v_code
    from commerce.orders
    inner join scheduling.guest_codes on guest_codes.order_id = orders.id
    where orders.reference = upper(prove_order.reference) and orders.customer_id is null
    order by guest_codes.id desc
    limit 1
    for update of guest_codes;
    return scheduling.use_code(v_code, prove_order.code, prove_order.act);
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
    v_code constant scheduling.guest_codes = commerce.prove_order(
        cancel_as_guest.reference, cancel_as_guest.code,
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
    reason text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_code constant scheduling.guest_codes = commerce.prove_order(
        return_as_guest.reference, return_as_guest.code,
        jsonb_build_array(
            'returned', to_jsonb(lines), return_as_guest.kind, return_as_guest.resolution,
            return_as_guest.reason
        )
    );
begin
    if v_code.id is null then
        return scheduling.code_refusal('Request a new code with request_order_code.');
    elsif v_code.used_at is null then
        perform commerce.request_return(
            v_code.order_id, lines, return_as_guest.kind, return_as_guest.resolution,
            return_as_guest.reason, '{}'
        );
    end if;
    return commerce.shown_to_guest(commerce.order_now(v_code.order_id));
end;
$$;
