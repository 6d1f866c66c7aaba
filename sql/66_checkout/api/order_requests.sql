-- How a buyer asks the approvers of a company to order, and how they decide.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT422 delivery_unavailable
 */
create function public.request_wholesale_order(
    items public.list,
    delivery_option_id public.identifier default null,
    store_id public.identifier default null,
    address public.object default null,
    note text default null
)
returns public.wholesale_order_requests
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.request_wholesale_order(
        private.to_objects(items, 'items', 100, '{variant_id,quantity}'),
        private.to_form(null, address, delivery_option_id, store_id, null, null, null),
        private.to_text(note, 'note', 2000)
    );
    v_request public.wholesale_order_requests;
begin
    select wholesale_order_requests.* into v_request
    from public.wholesale_order_requests
    where wholesale_order_requests.id = v_id;
    return v_request;
end;
$$;
comment on function public.request_wholesale_order is
'Ask the approvers of the caller''s company to order some goods, such as those that cost more than '
'the caller may order on net terms.

For buyers of a company with an approved wholesale account. Nothing is taken out of stock until an '
'approver approves. Returns the request, with what it costs now.

- items: [{variant_id, quantity?}] of one business, at most 100.
- delivery_option_id, store_id, address: as checkout takes them.
- note: what to say to the approvers, at most 2000 characters.

Errors: invalid_input 400, not_signed_in 401, not_found 404, delivery_unavailable 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 credit_limit_exceeded invalid_transition not_for_sale order_limit_exceeded
 *              out_of_stock
 *          PT422 blocked_out delivery_unavailable minimum_not_reached pack_size terms_not_agreed
 */
create function public.decide_wholesale_order(
    wholesale_order_request_id public.identifier, decision text, reason text default null
)
returns public.wholesale_order_requests
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(wholesale_order_request_id, 'wholesale_order_request_id');
    v_request public.wholesale_order_requests;
begin
    if decision is null or decision not in ('approved', 'rejected', 'withdrawn') then
        perform private.invalid('decision', 'must be approved, rejected or withdrawn');
    end if;
    perform private.decide_wholesale_order(
        v_id, decision::commerce.order_request_status, private.to_text(reason, 'reason', 1000)
    );
    select wholesale_order_requests.* into v_request
    from public.wholesale_order_requests
    where wholesale_order_requests.id = v_id;
    return v_request;
end;
$$;
comment on function public.decide_wholesale_order is
'Approve, reject or withdraw what a buyer of the caller''s company asked to order.

Approvers of the company approve and reject; whoever asked withdraws. Approval places the order '
'for the approver at the prices of now, to be paid later where the company has net terms, else '
'with start_payment. What cannot be ordered is refused, and the request stays. The same decision '
'again changes nothing. Returns the request, with the order.

- decision: approved, rejected or withdrawn.
- reason: at most 1000 characters; required to reject.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, credit_limit_exceeded '
'409, invalid_transition 409, not_for_sale 409, order_limit_exceeded 409, out_of_stock 409, '
'blocked_out 422, delivery_unavailable 422, minimum_not_reached 422, pack_size 422, '
'terms_not_agreed 422.';

grant execute on function
public.request_wholesale_order(
    public.list, public.identifier, public.identifier, public.object, text
),
public.decide_wholesale_order(public.identifier, text, text)
to anon, authenticated, service_role;
