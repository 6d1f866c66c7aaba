-- How clients start a payment: the arguments are read, and a repeated call finds the first payment.

/*
 * Return which one of the things that can be paid is named: the name of its argument.
 *
 * Errors:  PT400 invalid_input
 */
create function private.payment_target(targets jsonb)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_names text[] = array(select key from jsonb_each(jsonb_strip_nulls(targets)));
begin
    if cardinality(v_names) <> 1 then
        perform private.invalid(
            'sale_id, booking_id, order_id, membership_id, series_id, basket_id or link_token',
            'must be sent, and only one of them'
        );
    end if;
    return v_names[1];
end;
$$;

/*
 * Start a payment once for an idempotency key. Returns the payment with what the payer's browser
 * needs next; a repetition shows the first payment as it is now.
 * Definer: nobody has a write grant on payments; private.start_payment checks the caller.
 *
 * Errors:  PT409 idempotency_conflict · those of private.start_payment
 */
create function private.start_payment_once(
    targets jsonb, amount_minor bigint, wish money.payment_wish, idempotency_key text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_target text = private.payment_target(targets);
    v_answer jsonb;
    v_id uuid;
begin
    if idempotency_key is not null and auth.uid() is not null then
        v_answer = private.first_answer(
            'start_payment', idempotency_key,
            jsonb_build_array(
                jsonb_strip_nulls(targets), start_payment_once.amount_minor, to_jsonb(wish)
            )
        );
        if v_answer is not null then
            return money.shown_payment((v_answer ->> 'id')::uuid);
        end if;
    end if;
    v_id = private.start_payment(
        v_target,
        case
            when v_target <> 'link_token'
                then private.to_identifier(targets ->> v_target, v_target)
        end,
        targets ->> 'link_token', start_payment_once.amount_minor, wish
    );
    if idempotency_key is not null and auth.uid() is not null then
        perform private.remember_answer(
            'start_payment', idempotency_key, jsonb_build_object('id', v_id)
        );
    end if;
    return money.shown_payment(v_id);
end;
$$;
