-- Answers of the API about payments, and calls that are answered once for an idempotency key.

/*
 * Return a payment to a caller who just changed or began it. Only its payer gets what their browser
 * needs. Volatile, so that it sees the change.
 * Definer: members do not read payments; the caller is checked.
 */
create function money.payment_for_caller(payment_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    return (
        select
            money.shown_payment(payments.id) || case
                when payments.payer_id = auth.uid() then '{}'::jsonb
                else '{"client": null}'
            end
        from money.payments
        where payments.id = payment_for_caller.payment_id and money.sees_payment(payments)
    );
end;
$$;

/*
 * Refund a payment once for an idempotency key.
 *
 * Errors:  PT409 idempotency_conflict · those of money.refund_payment
 */
create function money.refund_once(
    payment_id uuid,
    business_id uuid,
    amount_minor bigint,
    lines jsonb,
    reason text,
    idempotency_key text
)
returns public.refunds
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_answer jsonb;
    v_id uuid;
    v_refund public.refunds;
begin
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'refund_payment', idempotency_key,
            jsonb_build_array(
                refund_once.payment_id, refund_once.business_id, refund_once.amount_minor,
                refund_once.lines, refund_once.reason
            )
        );
        if v_answer is not null then
            return jsonb_populate_record(null::public.refunds, v_answer);
        end if;
    end if;
    v_id = money.refund_payment(
        refund_once.payment_id, refund_once.business_id, refund_once.amount_minor,
        refund_once.lines, refund_once.reason
    );
    select refunds.* into strict v_refund
    from public.refunds
    where refunds.id = v_id;
    if idempotency_key is not null then
        perform private.remember_answer('refund_payment', idempotency_key, to_jsonb(v_refund));
    end if;
    return v_refund;
end;
$$;

/*
 * Record cash once for an idempotency key.
 *
 * Errors:  PT409 idempotency_conflict · those of money.record_cash
 */
create function money.record_cash_once(sale_id uuid, amount_minor bigint, idempotency_key text)
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
            'record_cash_payment', idempotency_key,
            jsonb_build_array(record_cash_once.sale_id, record_cash_once.amount_minor)
        );
        if v_answer is not null then
            return v_answer;
        end if;
    end if;
    v_answer = money.payment_for_caller(
        money.record_cash(record_cash_once.sale_id, record_cash_once.amount_minor)
    );
    if idempotency_key is not null then
        perform private.remember_answer('record_cash_payment', idempotency_key, v_answer);
    end if;
    return v_answer;
end;
$$;

/*
 * Return a sale that was just changed, as its caller may see it.
 */
create function money.visible_sale(sale_id uuid)
returns public.sales
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_sale public.sales;
begin
    select sales.* into v_sale
    from public.sales
    where sales.id = visible_sale.sale_id;
    return v_sale;
end;
$$;

grant execute on function
money.payment_for_caller(uuid),
money.refund_once(uuid, uuid, bigint, jsonb, text, text),
money.record_cash_once(uuid, bigint, text),
money.visible_sale(uuid)
to anon, authenticated, service_role;
