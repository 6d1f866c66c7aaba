-- Paying sales with gift cards and credit.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 idempotency_conflict insufficient_credit nothing_to_pay
 *          PT422 provider_not_offered · PT429 rate_limited
 */
create function public.redeem_gift_card(
    sale_id public.identifier,
    code text,
    amount_minor public.whole_number default null,
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
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'redeem_gift_card', idempotency_key, jsonb_build_array(sale_id, code, amount_minor)
        );
        if v_answer is not null then
            return v_answer;
        end if;
    end if;
    v_answer = money.redeem_gift_card(
        private.to_identifier(sale_id, 'sale_id'),
        private.to_required_text(code, 'code', 40),
        private.to_minor_units(amount_minor, 'amount_minor')
    );
    if idempotency_key is not null then
        perform private.remember_answer('redeem_gift_card', idempotency_key, v_answer);
    end if;
    return v_answer;
end;
$$;
comment on function public.redeem_gift_card is
'Pay a sale, or a part of it, with a gift card.

For the customer of the sale, and for members who serve. The payment is captured at once; a refund '
'returns to the card. Returns what start_payment returns.

- code: as it is printed; case, hyphens and spaces do not matter. A network address may name ten '
'wrong codes an hour.
- amount_minor: in minor units; by default what is owed, or as much of it as is left on the card.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, idempotency_conflict '
'409, insufficient_credit 409, nothing_to_pay 409, provider_not_offered 422, rate_limited 429.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 idempotency_conflict insufficient_credit nothing_to_pay
 */
create function public.use_credit(
    sale_id public.identifier,
    amount_minor public.whole_number default null,
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
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'use_credit', idempotency_key, jsonb_build_array(sale_id, amount_minor)
        );
        if v_answer is not null then
            return v_answer;
        end if;
    end if;
    v_answer = money.payment_for_caller(money.use_credit(
        private.to_identifier(sale_id, 'sale_id'),
        private.to_minor_units(amount_minor, 'amount_minor')
    ));
    if idempotency_key is not null then
        perform private.remember_answer('use_credit', idempotency_key, v_answer);
    end if;
    return v_answer;
end;
$$;
comment on function public.use_credit is
'Pay a sale, or a part of it, with the credit that its customer has at the business.

For the customer of the sale, and for members who serve. The payment is captured at once; a refund '
'returns to the credit. Returns what start_payment returns.

- amount_minor: in minor units; by default what is owed, or as much of it as there is credit.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, idempotency_conflict '
'409, insufficient_credit 409, nothing_to_pay 409.';

grant execute on function
public.redeem_gift_card(public.identifier, text, public.whole_number, text),
public.use_credit(public.identifier, public.whole_number, text)
to anon, authenticated, service_role;
