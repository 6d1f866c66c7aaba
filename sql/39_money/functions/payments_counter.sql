-- What members do at the counter: take cash, and add tips and fees to a sale that exists.

/*
 * Read an amount that must be sent and be at least 1.
 *
 * Errors:  PT400 invalid_input
 */
create function money.to_amount(value text, argument text)
returns bigint
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_amount bigint = private.to_minor_units(value, argument);
begin
    if coalesce(v_amount, 0) < 1 then
        perform private.invalid(argument, 'must be a whole number of minor units, from 1');
    end if;
    return v_amount;
end;
$$;

/*
 * Lock a sale of the caller's business. Returns it.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function money.lock_own_sale(sale_id uuid, permission text)
returns sales.sales
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_sale sales.sales;
begin
    select sales.* into v_sale
    from sales.sales
    where sales.id = lock_own_sale.sale_id
    for no key update;
    perform private.require_member(v_sale.business_id, lock_own_sale.permission);
    return v_sale;
end;
$$;

/*
 * Record that a member took cash for a sale. Returns the payment's id.
 * Definer: nobody has a write grant on payments; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 nothing_to_pay
 */
create function money.record_cash(sale_id uuid, amount_minor bigint)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_sale sales.sales = money.lock_own_sale(record_cash.sale_id, 'serve');
    v_due bigint = greatest((money.sale_balance(v_sale.business_id, v_sale.id)).balance_minor, 0);
    v_amount bigint = coalesce(record_cash.amount_minor, v_due);
    v_payment money.payments;
    v_event money.provider_events;
begin
    if v_due = 0 then
        perform private.refuse(
            'PT409', 'nothing_to_pay', 'Nothing is left to pay.',
            'Read balance_minor in the view sales.'
        );
    elsif v_amount not between 1 and v_due then
        perform private.invalid('amount_minor', format('must be from 1 to %s', v_due));
    end if;
    insert into money.payments (
        payer_id, provider, currency, amount_minor, to_capture_minor, capture, return_url,
        expires_at, created_at
    )
    values (
        v_sale.customer_id, 'cash', v_sale.currency, v_amount, v_amount, 'now', '', private.now(),
        private.now()
    )
    returning payments.* into v_payment;
    insert into money.payment_parts (
        business_id, sale_id, payment_id, provider, currency, amount_minor, created_at
    )
    values (
        v_sale.business_id, v_sale.id, v_payment.id, 'cash', v_sale.currency, v_amount,
        private.now()
    );
    v_event.kind = 'payment.captured';
    v_event.amount_minor = v_amount;
    v_event.currency = v_sale.currency;
    v_event.data = '{}';
    perform money.apply_capture(v_payment, v_event);
    return v_payment.id;
end;
$$;

/*
 * Add a tip to a sale, as its customer or for them. Returns the sale's id.
 * Definer: nobody has a write grant on sales; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function money.add_tip(sale_id uuid, amount_minor bigint)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_sale sales.sales;
begin
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    select sales.* into v_sale
    from sales.sales
    where sales.id = add_tip.sale_id
    for no key update;
    if v_sale.customer_id is distinct from auth.uid() then
        perform private.require_member(v_sale.business_id, 'serve');
    end if;
    perform sales.revise_sale(
        v_sale.business_id, v_sale.id, 'tipped',
        array[sales.make_change('tip', null, null, 'Tip', add_tip.amount_minor)]
    );
    return v_sale.id;
end;
$$;

/*
 * Charge a fee after the fact, as a line of the sale. Returns the sale's id.
 * Definer: as money.add_tip.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function money.charge_fee(sale_id uuid, name text, amount_minor bigint)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_sale sales.sales = money.lock_own_sale(charge_fee.sale_id, 'manage');
begin
    perform sales.revise_sale(
        v_sale.business_id, v_sale.id, 'charged',
        array[sales.make_change('fee', null, null, charge_fee.name, charge_fee.amount_minor)]
    );
    return v_sale.id;
end;
$$;
