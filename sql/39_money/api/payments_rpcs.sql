-- What payers and members do with payments. Each function reads its arguments and calls one
-- function of the domain. What a provider must do is done after the transaction: read the view
-- again, or listen.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.cancel_payment(payment_id public.identifier)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select money.payment_for_caller(
        money.cancel_payment(private.to_identifier(payment_id, 'payment_id'))
    );
end;
comment on function public.cancel_payment is
'Cancel a payment of which nothing was taken.

For its payer, and for members of the one business that it pays. Its provider is asked to release '
'what it reserved. Returns what start_payment returns.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.capture_payment(
    payment_id public.identifier, amount_minor public.whole_number default null
)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select money.payment_for_caller(
        money.capture_payment(
            private.to_identifier(payment_id, 'payment_id'),
            private.to_minor_units(amount_minor, 'amount_minor')
        )
    );
end;
comment on function public.capture_payment is
'Take the money of an authorized payment.

For owners and managers of the business. Returns what start_payment returns.

- amount_minor: less than the payment, in minor units; the rest is released. By default all of it.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 idempotency_conflict refund_exceeds_payment
 */
create function public.refund_payment(
    payment_id public.identifier,
    reason text,
    amount_minor public.whole_number default null,
    lines public.list default null,
    idempotency_key text default null,
    business_id public.identifier default null
)
returns public.refunds
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return money.refund_once(
        private.to_identifier(payment_id, 'payment_id'),
        private.to_identifier(business_id, 'business_id', is_required => false),
        private.to_minor_units(amount_minor, 'amount_minor'),
        case
            when lines is not null
                then to_jsonb(
                    private.to_objects(lines, 'lines', 200, '{sale_line_id,amount_minor}')
                )
        end,
        private.to_required_text(reason, 'reason', 500),
        idempotency_key
    );
end;
$$;
comment on function public.refund_payment is
'Give back a payment, in whole or in part.

For owners and managers of the business, and the platform''s finance. What is given back beyond what '
'the sale is overpaid also reduces what the sale costs. Its provider is asked after this call; '
'status says how it ended. Returns the refund.

- reason: 1 to 500 characters; the payer reads it.
- amount_minor: in minor units; by default all that is left.
- lines: [{sale_line_id, amount_minor?}], lines as they were sold; by default what each still costs.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.
- business_id: whose part of a payment of several businesses.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, idempotency_conflict '
'409, refund_exceeds_payment 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 idempotency_conflict nothing_to_pay
 */
create function public.record_cash_payment(
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
begin
    return money.record_cash_once(
        private.to_identifier(sale_id, 'sale_id'),
        private.to_minor_units(amount_minor, 'amount_minor'),
        idempotency_key
    );
end;
$$;
comment on function public.record_cash_payment is
'Record that the business took cash for a sale.

For members who serve customers. Returns what start_payment returns.

- amount_minor: in minor units; by default what is owed.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, idempotency_conflict '
'409, nothing_to_pay 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.add_tip(sale_id public.identifier, amount_minor public.whole_number)
returns public.sales
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return money.visible_sale(
        money.add_tip(
            private.to_identifier(sale_id, 'sale_id'),
            money.to_amount(amount_minor, 'amount_minor')
        )
    );
end;
$$;
comment on function public.add_tip is
'Add a tip to a sale; start_payment pays it.

For the customer, and for members who serve customers. Returns the sale.

- amount_minor: in minor units, from 1.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.charge_fee(
    sale_id public.identifier, name text, amount_minor public.whole_number
)
returns public.sales
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return money.visible_sale(
        money.charge_fee(
            private.to_identifier(sale_id, 'sale_id'),
            private.to_required_text(name, 'name', 200),
            money.to_amount(amount_minor, 'amount_minor')
        )
    );
end;
$$;
comment on function public.charge_fee is
'Charge a fee after the fact, as a line of the sale.

For owners and managers. A card that guarantees the sale pays it; otherwise the customer does, with '
'start_payment. Returns the sale.

- name: what the customer reads, 1 to 200 characters.
- amount_minor: in minor units, from 1.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.create_payment_link(
    sale_id public.identifier,
    amount_minor public.whole_number default null,
    expires_at public.instant default null
)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select money.create_link(
        private.to_identifier(sale_id, 'sale_id'),
        private.to_minor_units(amount_minor, 'amount_minor'),
        private.to_instant(expires_at, 'expires_at', is_required => false)
    );
end;
comment on function public.create_payment_link is
'Make a link by which anybody who has it pays a sale.

For members who serve customers. Returns {id, token, expires_at}; the token is shown once, and '
'start_payment takes it as link_token.

- amount_minor: in minor units; by default what is owed when somebody pays.
- expires_at: two weeks from now by default.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

grant execute on function
public.cancel_payment(public.identifier),
public.capture_payment(public.identifier, public.whole_number),
public.refund_payment(
    public.identifier, text, public.whole_number, public.list, text, public.identifier
),
public.record_cash_payment(public.identifier, public.whole_number, text),
public.add_tip(public.identifier, public.whole_number),
public.charge_fee(public.identifier, text, public.whole_number),
public.create_payment_link(public.identifier, public.whole_number, public.instant)
to anon, authenticated, service_role;
