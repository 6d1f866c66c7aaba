-- How money that moved is posted to the ledger: once for each cause.

/*
 * Return the account that holds the money of a payment: the provider's; for cash, the business's
 * own; for a gift card or credit, the account that the payment draws on.
 */
create function money.holder_account(payment money.payments, business_id uuid)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if payment.provider = 'cash' then
        return money.account('cash', payment.currency, business_id => holder_account.business_id);
    end if;
    return coalesce(
        (
            select credit_payments.account_id
            from money.credit_payments
            where credit_payments.payment_id = payment.id
        ),
        money.account('provider', payment.currency, provider => payment.provider)
    );
end;
$$;

/*
 * Post that a payment was captured: the provider holds it for the businesses, who have not
 * delivered yet.
 */
create function money.post_capture(payment_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payment money.payments;
    v_entries money.entry[] = '{}';
    v_part record;
begin
    select payments.* into strict v_payment
    from money.payments
    where payments.id = post_capture.payment_id;
    for v_part in
        select payment_parts.business_id, sum(payment_parts.captured_minor)::bigint as amount
        from money.payment_parts
        where payment_parts.payment_id = v_payment.id and payment_parts.captured_minor > 0
        group by payment_parts.business_id
        order by payment_parts.business_id
    loop
        v_entries = v_entries || array[
            money.make_entry(money.holder_account(v_payment, v_part.business_id), v_part.amount),
            money.make_entry(
                money.account(
                    'business_pending', v_payment.currency, business_id => v_part.business_id
                ),
                - v_part.amount
            )
        ];
    end loop;
    perform money.post(null, 'capture', v_payment.id, v_entries);
end;
$$;

/*
 * Post the fee that a provider keeps of a payment, once it is known. It is the platform's.
 */
create function money.post_provider_fee(payment money.payments, data jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_fee bigint = (data ->> 'fee_minor')::bigint;
    v_currency text = coalesce(data ->> 'fee_currency', payment.currency);
begin
    if v_fee is null or v_fee <= 0 then
        return;
    end if;
    perform money.post(
        null, 'provider_fee', payment.id,
        array[
            money.make_entry(
                money.account('provider_fees', v_currency, provider => payment.provider), v_fee
            ),
            money.make_entry(
                money.account('provider', v_currency, provider => payment.provider), - v_fee
            )
        ]
    );
end;
$$;

/*
 * Post that a refund succeeded: the provider holds less for the business.
 */
create function money.post_refund(refund money.refunds, payment money.payments)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform money.post(
        refund.business_id, 'refund', refund.id,
        array[
            money.make_entry(
                money.account(
                    'business_pending', refund.currency, business_id => refund.business_id
                ),
                refund.amount_minor
            ),
            money.make_entry(
                money.holder_account(payment, refund.business_id), - refund.amount_minor
            )
        ]
    );
end;
$$;

/*
 * Post a step of a dispute. Opened: the provider took the money back. Won: it returns. Lost: it was
 * the business's, even if it was paid out already; the business then owes it.
 */
create function money.post_dispute(dispute money.disputes, provider text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_disputes uuid = money.account('disputes', dispute.currency);
    v_provider uuid = money.account('provider', dispute.currency, provider => post_dispute.provider);
begin
    perform money.post(
        dispute.business_id, 'dispute_opened', dispute.id,
        array[
            money.make_entry(v_disputes, dispute.amount_minor),
            money.make_entry(v_provider, - dispute.amount_minor)
        ]
    );
    if dispute.status = 'won' then
        perform money.post(
            dispute.business_id, 'dispute_won', dispute.id,
            array[
                money.make_entry(v_provider, dispute.amount_minor),
                money.make_entry(v_disputes, - dispute.amount_minor)
            ]
        );
    elsif dispute.status = 'lost' then
        perform money.post(
            dispute.business_id, 'dispute_lost', dispute.id,
            array[
                money.make_entry(
                    money.account(
                        'business_payable', dispute.currency, business_id => dispute.business_id
                    ),
                    dispute.amount_minor
                ),
                money.make_entry(v_disputes, - dispute.amount_minor)
            ]
        );
    end if;
end;
$$;
