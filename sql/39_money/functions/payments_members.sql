-- What payers and members of a business do with payments that exist: cancel them, or take the money
-- that they reserved.

/*
 * May the caller know of a payment: as its payer, a member of a business that it pays, the
 * platform's finance, or the operator?
 */
create function money.sees_payment(payment money.payments)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return private.is_operator()
        or payment.payer_id = auth.uid()
        or private.is_platform_staff('finance')
        or exists (
            select 1
            from money.payment_parts
            where
                payment_parts.payment_id = payment.id
                and payment_parts.business_id in (select private.my_businesses('view'))
        );
end;
$$;

/*
 * Lock a payment that the caller may see: as its payer, or as a member of a business that it pays.
 * Returns it.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function money.lock_payment(payment_id uuid)
returns money.payments
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payment money.payments;
begin
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    select payments.* into v_payment
    from money.payments
    where
        payments.id = lock_payment.payment_id
        and money.sees_payment(payments)
    for no key update;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such payment.',
            'Check the id in the view payments or payment_parts.'
        );
    end if;
    return v_payment;
end;
$$;

/*
 * Return the one business that a payment pays, if the caller may act for it.
 *
 * Errors:  PT403 forbidden
 */
create function money.acting_business(payment_id uuid, permission text)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_business_ids uuid[] = array(
        select distinct payment_parts.business_id
        from money.payment_parts
        where payment_parts.payment_id = acting_business.payment_id
    );
begin
    if cardinality(v_business_ids) = 1 and (
        private.is_operator()
        or private.is_platform_staff('finance')
        or v_business_ids[1] in (select private.my_businesses(acting_business.permission))
    ) then
        return v_business_ids[1];
    end if;
    perform private.refuse(
        'PT403', 'forbidden', 'You are not allowed to do this with the payment.',
        'Ask a manager of the business, or the platform''s finance.'
    );
end;
$$;

/*
 * Record that the caller asks for a call of a payment's provider.
 */
create function money.record_request(
    call money.provider_call, payment_id uuid, business_id uuid, amount_minor bigint
)
returns void
language sql
volatile
security invoker
set search_path = ''
begin atomic
    insert into money.requested_calls (
        call, payment_id, business_id, amount_minor, requested_by, requested_at
    )
    values (
        record_request.call, record_request.payment_id, record_request.business_id,
        record_request.amount_minor, auth.uid(), private.now()
    );
end;

/*
 * Cancel a payment of which nothing was taken: as its payer or as a member who serves customers.
 * The provider is asked to release what it reserved.
 * Definer: nobody has a write grant on payments; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function money.cancel_payment(payment_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_payment money.payments = money.lock_payment(cancel_payment.payment_id);
    v_business_id uuid;
begin
    if v_payment.payer_id is distinct from auth.uid() then
        v_business_id = money.acting_business(v_payment.id, 'serve');
    end if;
    if v_payment.status in ('cancelled', 'expired') then
        return v_payment.id;
    elsif v_payment.captured_minor > 0 then
        perform private.refuse(
            'PT409', 'invalid_transition', 'This payment was taken already.',
            'Refund it with refund_payment.'
        );
    end if;
    perform money.record_request('cancel', v_payment.id, v_business_id, null);
    if money.was_never_asked(v_payment) then
        perform money.move_payment(v_payment, 'cancelled', null);
    else
        perform money.ask_provider('cancel', v_payment.id);
    end if;
    return v_payment.id;
end;
$$;

/*
 * Take the money of a reserved payment, or less of it; the rest is released.
 * Definer: as money.cancel_payment.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function money.capture_payment(payment_id uuid, amount_minor bigint)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_payment money.payments = money.lock_payment(capture_payment.payment_id);
    v_amount bigint = coalesce(capture_payment.amount_minor, v_payment.amount_minor);
    v_business_id uuid = money.acting_business(v_payment.id, 'manage');
begin
    if v_payment.captured_minor = v_amount then
        return v_payment.id;
    elsif v_payment.status <> 'authorized' then
        perform private.refuse(
            'PT409', 'invalid_transition', 'Nothing is reserved by this payment.',
            'Read the payment again and check its status.'
        );
    elsif v_amount not between 1 and v_payment.amount_minor then
        perform private.invalid(
            'amount_minor', format('must be from 1 to %s', v_payment.amount_minor)
        );
    elsif v_payment.to_capture_minor <> v_amount and exists (
        select 1
        from private.effects
        where effects.message_id = v_payment.id and effects.effect = 'capture'
    ) then
        perform private.refuse(
            'PT409', 'invalid_transition', 'Another amount of this payment is being taken.',
            'Wait until the payment is captured.'
        );
    end if;
    perform money.record_request('capture', v_payment.id, v_business_id, v_amount);
    update money.payments
    set to_capture_minor = v_amount
    where payments.id = v_payment.id;
    perform money.ask_provider('capture', v_payment.id);
    return v_payment.id;
end;
$$;
