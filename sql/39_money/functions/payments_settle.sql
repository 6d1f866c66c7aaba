-- What a sale is owed changes after it was paid: it is cancelled, loses a service, costs a fee, or
-- is paid twice. Settling gives back what is too much, closes what nobody has to pay any more,
-- charges the guarantee of a fee, and issues the receipt of what is paid. It runs in a worker,
-- under the locks of the sale and its payments, and any number of times.

/*
 * Ask for the sale of each part of a payment to be settled.
 */
create function money.settle_later(payment_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.send_message(
        'payments', 'settle_sale',
        jsonb_build_object('business_id', parts.business_id, 'sale_id', parts.sale_id)
    )
    from money.payment_parts as parts
    where parts.payment_id = settle_later.payment_id;
end;
$$;

/*
 * Settle a sale. Returns how much it began to give back, in minor units.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.settle_sale(business_id uuid, sale_id uuid)
returns bigint
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_balance record;
    v_surplus bigint;
begin
    perform money.lock_sales(array[settle_sale.sale_id]);
    perform money.lock_payments_of(settle_sale.business_id, settle_sale.sale_id);
    v_balance = money.sale_balance(settle_sale.business_id, settle_sale.sale_id);
    v_surplus = v_balance.captured_minor - v_balance.returned_minor
        - greatest(v_balance.owed_minor, 0);
    if v_surplus > 0 then
        v_surplus = money.give_back(settle_sale.business_id, settle_sale.sale_id, v_surplus);
    end if;
    if v_balance.owed_minor <= v_balance.captured_minor - v_balance.returned_minor then
        perform money.close_open_payments(settle_sale.business_id, settle_sale.sale_id);
        if v_balance.captured_minor > v_balance.returned_minor then
            perform money.issue_receipt(settle_sale.business_id, settle_sale.sale_id);
        end if;
    elsif v_balance.balance_minor > 0 then
        perform money.charge_guarantee(settle_sale.business_id, settle_sale.sale_id);
    end if;
    return greatest(v_surplus, 0);
end;
$$;

/*
 * Issue the receipt of a sale that is paid, unless an earlier document shows all of it.
 */
create function money.issue_receipt(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform money.issue_document(
        'receipt', issue_receipt.business_id, issue_receipt.sale_id,
        (
            select max(sale_revisions.revision)
            from sales.sale_revisions
            where
                sale_revisions.business_id = issue_receipt.business_id
                and sale_revisions.sale_id = issue_receipt.sale_id
        )
    );
exception
    when sqlstate 'PT409' then
        return;
end;
$$;

/*
 * Lock the payments of a sale in the order of their ids.
 */
create function money.lock_payments_of(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform 1
    from money.payments
    where payments.id in (
        select parts.payment_id
        from money.payment_parts as parts
        where
            parts.business_id = lock_payments_of.business_id
            and parts.sale_id = lock_payments_of.sale_id
    )
    order by payments.id
    for no key update;
end;
$$;

/*
 * Refund so much of a sale from its captured payments, the latest first. Cash is for a member to
 * hand back: the view sales shows what the business owes. Disputed payments are left alone. Returns
 * how much was begun.
 */
create function money.give_back(business_id uuid, sale_id uuid, surplus_minor bigint)
returns bigint
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_left bigint = surplus_minor;
    v_part money.payment_parts;
    v_payment money.payments;
    v_amount bigint;
    v_refund_id uuid;
begin
    for v_part in
        select parts.*
        from money.payment_parts as parts
        where
            parts.business_id = give_back.business_id
            and parts.sale_id = give_back.sale_id
            and parts.provider <> 'cash'
            and parts.status <> 'disputed'
            and parts.captured_minor > parts.refunding_minor + parts.refunded_minor
        order by parts.created_at desc, parts.payment_id
    loop
        v_amount = least(
            v_left, v_part.captured_minor - v_part.refunding_minor - v_part.refunded_minor
        );
        exit when v_amount <= 0;
        select payments.* into strict v_payment
        from money.payments
        where payments.id = v_part.payment_id;
        v_refund_id = money.begin_refund(
            v_payment, v_part.business_id, array[v_part.sale_id], array[v_amount],
            'More was paid than is owed.'
        );
        perform money.write_refund_lines(
            v_refund_id, v_part.business_id, v_part.sale_id, v_amount
        );
        perform money.send_refund(v_refund_id);
        v_left = v_left - v_amount;
    end loop;
    return surplus_minor - v_left;
end;
$$;

/*
 * Hand a refund that is written to its provider. One without a provider succeeds at once.
 */
create function money.send_refund(refund_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_refund money.refunds;
    v_is_online boolean;
    v_event money.provider_events;
begin
    select refunds.* into strict v_refund
    from money.refunds
    where refunds.id = send_refund.refund_id;
    select providers.is_online into strict v_is_online
    from money.payments
    inner join money.providers on providers.name = payments.provider
    where payments.id = v_refund.payment_id;
    if v_is_online then
        perform money.ask_provider('refund', v_refund.id);
        return;
    end if;
    v_event.kind = 'refund.succeeded';
    v_event.amount_minor = v_refund.amount_minor;
    v_event.currency = v_refund.currency;
    v_event.data = '{}';
    perform money.apply_refund_event(v_refund.id, v_event);
end;
$$;

/*
 * Close the payments of a sale that are not captured, because nothing is left to pay.
 */
create function money.close_open_payments(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform money.ask_provider('cancel', payments.id)
    from money.payment_parts as parts
    inner join money.payments on payments.id = parts.payment_id
    where
        parts.business_id = close_open_payments.business_id
        and parts.sale_id = close_open_payments.sale_id
        and payments.status in ('pending', 'requires_action', 'failed', 'authorized');
end;
$$;
