-- Paying sales with gift cards and credit. Such a payment is captured at once.

/*
 * Capture a payment by gift card or credit, which draws on the account in credit_payments. The
 * ledger refuses what is not there. A business bears the credit that it gave: what it earned
 * becomes less by as much.
 *
 * Errors:  PT409 insufficient_credit
 */
create function money.capture_from_credit(payment_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payment money.payments;
    v_event money.provider_events;
begin
    select payments.* into strict v_payment
    from money.payments
    where payments.id = capture_from_credit.payment_id
    for no key update;
    v_event.kind = 'payment.captured';
    v_event.amount_minor = v_payment.to_capture_minor;
    v_event.currency = v_payment.currency;
    v_event.data = '{}';
    perform money.apply_capture(v_payment, v_event);
    perform money.bear_credit(v_payment);
end;
$$;

/*
 * Post what a business bears of a payment, when it was paid with credit that the business gave.
 */
create function money.bear_credit(payment money.payments)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_account money.accounts;
    v_granted uuid;
    v_borne bigint;
begin
    select accounts.* into v_account
    from money.credit_payments
    inner join money.accounts on credit_payments.account_id = accounts.id
    where
        credit_payments.payment_id = bear_credit.payment.id
        and accounts.kind = 'customer_credit';
    if not found then
        return;
    end if;
    v_granted = money.account(
        'credit_granted', v_account.currency, v_account.business_id,
        owner_id => v_account.owner_id
    );
    v_borne = least(bear_credit.payment.to_capture_minor, money.balance(v_granted));
    perform money.post(
        v_account.business_id, 'credit.borne', bear_credit.payment.id,
        array[
            money.make_entry(
                money.account('business_payable', v_account.currency, v_account.business_id),
                v_borne
            ),
            money.make_entry(v_granted, - v_borne)
        ]
    );
    perform money.take_from_earnings(
        v_account.business_id, v_account.currency, 'credit', v_borne
    );
end;
$$;

/*
 * Pay a sale, whose lock the caller holds, from an account that may not go negative. Without an
 * amount it pays what is owed, or as much of it as is left. Returns the payment's id.
 *
 * Errors:  PT400 invalid_input · PT409 insufficient_credit nothing_to_pay
 */
create function money.spend_on_sale(
    sale sales.sales, provider text, account_id uuid, amount_minor bigint
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_due bigint = greatest((money.sale_balance(sale.business_id, sale.id)).balance_minor, 0);
    v_left bigint = money.lock_spendable(account_id);
    v_amount bigint = coalesce(amount_minor, least(v_due, v_left));
    v_payment_id uuid;
begin
    if v_due = 0 then
        perform private.refuse(
            'PT409', 'nothing_to_pay', 'Nothing is left to pay.',
            'Read balance_minor in the view sales.'
        );
    elsif v_left = 0 or v_amount > v_left then
        perform private.refuse(
            'PT409', 'insufficient_credit',
            'There is not enough left on the gift card or the credit.',
            'Pay a smaller part with it.'
        );
    elsif v_amount not between 1 and v_due then
        perform private.invalid('amount_minor', format('must be from 1 to %s', v_due));
    end if;
    v_payment_id = money.write_credit_payment(sale, provider, account_id, v_amount);
    perform money.capture_from_credit(v_payment_id);
    return v_payment_id;
end;
$$;

/*
 * Write a payment of one sale that draws on an account of the ledger. Returns its id.
 */
create function money.write_credit_payment(
    sale sales.sales, provider text, account_id uuid, amount_minor bigint
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = gen_random_uuid();
begin
    insert into money.payments (
        id, payer_id, provider, currency, amount_minor, to_capture_minor, capture, return_url,
        expires_at, created_at
    )
    values (
        v_id, sale.customer_id, write_credit_payment.provider, sale.currency,
        write_credit_payment.amount_minor, write_credit_payment.amount_minor, 'now', '',
        private.now(), private.now()
    );
    insert into money.payment_parts (
        business_id, sale_id, payment_id, provider, currency, amount_minor, created_at
    )
    values (
        sale.business_id, sale.id, v_id, write_credit_payment.provider, sale.currency,
        write_credit_payment.amount_minor, private.now()
    );
    insert into money.credit_payments (payment_id, account_id)
    values (v_id, write_credit_payment.account_id);
    return v_id;
end;
$$;

/*
 * Lock a sale that the caller pays: their own, or as a member who serves.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function money.lock_sale_to_pay(sale_id uuid)
returns sales.sales
language plpgsql
volatile
security invoker
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
    where sales.id = lock_sale_to_pay.sale_id
    for no key update;
    if v_sale.customer_id is distinct from auth.uid() or v_sale.customer_id is null then
        perform private.require_member(v_sale.business_id, 'serve');
    end if;
    return v_sale;
end;
$$;

/*
 * Pay a sale with a gift card. Returns the payment, or the refusal that goes back as the answer,
 * since the wrong code must be counted.
 * Definer: nobody has a write grant on payments; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 insufficient_credit nothing_to_pay · PT422 provider_not_offered
 *          PT429 rate_limited
 */
create function money.redeem_gift_card(sale_id uuid, code text, amount_minor bigint)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_sale sales.sales = money.lock_sale_to_pay(redeem_gift_card.sale_id);
    v_card money.gift_cards;
begin
    perform money.refuse_guesses(money.guess_origin());
    v_card = money.usable_gift_card(redeem_gift_card.code);
    if v_card.id is null or not v_card.is_platform and v_card.business_id <> v_sale.business_id then
        return money.note_guess();
    elsif not money.takes_card(v_card, v_sale.business_id) then
        perform private.refuse(
            'PT422', 'provider_not_offered',
            'The business does not accept gift cards of the platform.', 'Pay in another way.'
        );
    end if;
    if v_card.currency <> v_sale.currency then
        perform private.invalid('code', format('must be a gift card in %s', v_sale.currency));
    end if;
    return money.payment_for_caller(
        money.spend_on_sale(
            v_sale, 'gift_card', v_card.account_id, redeem_gift_card.amount_minor
        )
    );
end;
$$;

/*
 * Pay a sale with the credit that its customer has at the business. Returns the payment's id.
 * Definer: as money.redeem_gift_card.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 insufficient_credit nothing_to_pay
 */
create function money.use_credit(sale_id uuid, amount_minor bigint)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_sale sales.sales = money.lock_sale_to_pay(use_credit.sale_id);
    v_customer_id uuid;
begin
    select coalesce(customers.merged_into_id, customers.id) into v_customer_id
    from customers.customers
    where
        customers.business_id = v_sale.business_id
        and customers.user_id = v_sale.customer_id;
    return money.spend_on_sale(
        v_sale, 'credit',
        money.account_id(
            'customer_credit', v_sale.currency, v_sale.business_id, null, v_customer_id
        ),
        use_credit.amount_minor
    );
end;
$$;
