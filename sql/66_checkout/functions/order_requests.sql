-- A buyer asks the approvers of a company to order, and one of them does: then the order is placed
-- as if the approver had checked out, at the prices and terms of that moment.

/*
 * Ask the approvers of the caller's company to order some goods. Returns the id of the request.
 * Definer: nobody has a write grant on requests.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT422 delivery_unavailable
 */
create function private.request_wholesale_order(
    items jsonb[], form private.order_form, note text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
    v_lines private.cart_line[] = private.goods_to_request(items);
    v_account_id uuid = private.company_of(v_lines[1].business_id, v_user_id);
    v_currency text = (v_lines[1].to_price).currency;
    v_id uuid;
begin
    form.is_preview = false;
    insert into commerce.wholesale_order_requests (
        business_id, wholesale_account_id, requested_by, items, currency, total_minor,
        delivery_option_id, store_id, address, note, requested_at
    )
    values (
        v_lines[1].business_id, v_account_id, v_user_id,
        (
            select
                jsonb_agg(
                    jsonb_build_object(
                        'variant_id', line.variant_id, 'quantity', (line.to_price).quantity
                    )
                    order by line.ordinality
                )
            from unnest(v_lines) with ordinality as line
        ),
        v_currency,
        pricing.sum_of(
            private.all_quotes(private.quote_cart(v_lines, form, v_currency, v_user_id)),
            'total_minor'
        ),
        form.wishes[1].option_id, form.wishes[1].store_id, form.address,
        request_wholesale_order.note, private.now()
    )
    returning wholesale_order_requests.id into v_id;
    return v_id;
end;
$$;

/*
 * Return goods of one business as lines of a cart.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function private.goods_to_request(items jsonb[])
returns private.cart_line[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_lines private.cart_line[];
begin
    if items = '{}' or exists (
        select 1 from unnest(items) as item where not item ? 'variant_id'
    ) then
        perform private.invalid('items', 'must each have a variant_id and a quantity');
    end if;
    v_lines = private.lines_of_items(items, null);
    if exists (
        select 1 from unnest(v_lines) as line where line.business_id <> v_lines[1].business_id
    ) then
        perform private.invalid('items', 'must belong to one business');
    end if;
    return v_lines;
end;
$$;

/*
 * Return the account of the company for which a user buys from a business now.
 *
 * Errors:  PT404 not_found
 */
create function private.company_of(business_id uuid, user_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_account_id uuid = (
        commerce.wholesale_terms(company_of.business_id, company_of.user_id)
    ).wholesale_account_id;
begin
    if v_account_id is null then
        perform private.refuse(
            'PT404', 'not_found', 'You buy for no company from this business.',
            'Accept an invitation of a company first; checkout needs none.'
        );
    end if;
    return v_account_id;
end;
$$;

/*
 * Decide about a request: an approver of the company approves or rejects it, and its buyer
 * withdraws it. Approval places the order for the approver. A decision that was made already
 * changes nothing. Returns the id of the request.
 * Definer: nobody has a write grant on requests and sales; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition · those of private.checkout
 */
create function private.decide_wholesale_order(
    request_id uuid, decision commerce.order_request_status, reason text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_request commerce.wholesale_order_requests = private.lock_order_request(request_id, decision);
begin
    if v_request.status = decision then
        return v_request.id;
    elsif v_request.status <> 'requested' then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('This request is %s already.', v_request.status),
            'Read wholesale_order_requests again.'
        );
    elsif decision = 'rejected' and decide_wholesale_order.reason is null then
        perform private.invalid('reason', 'is required');
    end if;
    update commerce.wholesale_order_requests
    set
        status = decision,
        decided_by = auth.uid(),
        decided_at = private.now(),
        reason = decide_wholesale_order.reason,
        order_id = case when decision = 'approved' then private.place_requested(v_request) end
    where wholesale_order_requests.id = v_request.id;
    return v_request.id;
end;
$$;

/*
 * Return a request, locked, about which the caller may decide so.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function private.lock_order_request(
    request_id uuid, decision commerce.order_request_status
)
returns commerce.wholesale_order_requests
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
    v_request commerce.wholesale_order_requests;
begin
    select wholesale_order_requests.* into v_request
    from commerce.wholesale_order_requests
    where
        wholesale_order_requests.id = lock_order_request.request_id
        and wholesale_order_requests.wholesale_account_id in (
            select private.my_wholesale_accounts()
        )
    for update;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such request.',
            'Check the id in the view wholesale_order_requests.'
        );
    elsif decision = 'withdrawn' and v_request.requested_by <> v_user_id
        or decision <> 'withdrawn' and v_request.wholesale_account_id not in (
            select private.my_wholesale_accounts('approver')
        ) then
        perform private.refuse(
            'PT403', 'forbidden', 'You are not allowed to decide about this request.',
            'Approvers of the company approve and reject; whoever asked withdraws.'
        );
    end if;
    return v_request;
end;
$$;

/*
 * Place the order of a request for the caller. Returns its id.
 *
 * Errors:  those of private.checkout
 */
create function private.place_requested(request commerce.wholesale_order_requests)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_form private.order_form = private.empty_form();
begin
    v_form.is_preview = false;
    v_form.address = request.address;
    v_form.wishes = array[(request.delivery_option_id, request.store_id)::private.delivery_wish];
    return private.checkout(
        private.to_wanted_cart(
            null, 'order request ' || request.id, request.currency, to_jsonb(request)
        ),
        null, request.items::text, v_form
    ) #>> '{orders,0,id}';
end;
$$;
