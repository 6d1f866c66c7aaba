-- How customers and members change what was ordered.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition not_for_sale quantity_exceeded
 */
create function public.order_change_quote(
    order_id public.identifier, add public.list, remove public.list default null
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return commerce.quote_change(
        private.to_identifier(order_id, 'order_id'),
        commerce.to_required_additions(add, 'add'),
        coalesce(commerce.to_lines(remove, 'remove'), '{}')
    );
end;
$$;
comment on function public.order_change_quote is
'What change_order would cost, with the same arguments.

Returns {order_id, version, currency, difference_minor, total_minor, open_minor, refund_minor}: how '
'much more the order costs (less than 0: less), what it costs then, what is to be paid of it then, '
'and what is given back.

- add: an array of {variant_id, quantity, unit_minor?}.
- remove: an array of {sale_line_id, quantity}.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409, not_for_sale 409, quantity_exceeded 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile credit_limit_exceeded idempotency_conflict invalid_transition
 *              not_for_sale order_limit_exceeded out_of_stock price_changed quantity_exceeded
 *          PT422 pack_size terms_not_agreed
 */
create function public.change_order(
    order_id public.identifier,
    add public.list,
    remove public.list default null,
    reason text default null,
    version public.whole_number default null,
    total_minor public.whole_number default null,
    idempotency_key text default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_answer jsonb;
begin
    perform private.token_user_id();
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'change_order', idempotency_key,
            jsonb_build_array(order_id, add, remove, reason, version, total_minor)
        );
    end if;
    if v_answer is not null then
        return v_answer;
    end if;
    v_answer = commerce.change_order(
        private.to_identifier(order_id, 'order_id'),
        commerce.to_required_additions(add, 'add'),
        coalesce(commerce.to_lines(remove, 'remove'), '{}'),
        private.to_text(reason, 'reason', 1000),
        private.to_whole_number(version, 'version', 1, 1000000, is_required => false),
        private.to_minor_units(total_minor, 'total_minor')
    );
    if idempotency_key is not null then
        perform private.remember_answer('change_order', idempotency_key, v_answer);
    end if;
    return v_answer;
end;
$$;
comment on function public.change_order is
'Add goods to an order, and take units that were not sent off it, such as one size for another: as '
'its customer until something was sent, as the business as long as something is open.

Stock, the sale and the order change together. What is added costs what it costs today; promotions '
'stay with what was ordered first, and shipping stays as it was. What the order costs more is paid '
'with start_payment(order_id), and nothing more is sent before that, unless it has net terms. What '
'it costs less is given back. Returns what order_change_quote returns.

- add: an array of {variant_id, quantity, unit_minor?}; unit_minor is a price that the business '
'names.
- remove: an array of {sale_line_id, quantity}; use cancel_order where nothing is added.
- reason: at most 1000 characters.
- version: the version that you read; when the order has another one, nothing is changed.
- total_minor: the total that you accepted; when it is another one, nothing is changed.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile '
'409, credit_limit_exceeded 409, idempotency_conflict 409, invalid_transition 409, '
'not_for_sale 409, order_limit_exceeded 409, out_of_stock 409, price_changed 409, '
'quantity_exceeded 409, pack_size 422, terms_not_agreed 422.';

grant execute on function
public.order_change_quote(public.identifier, public.list, public.list),
public.change_order(
    public.identifier, public.list, public.list, text, public.whole_number, public.whole_number,
    text
)
to anon, authenticated, service_role;
