-- How clients pay what was sold.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 idempotency_conflict link_expired nothing_to_pay
 *          PT422 method_expired provider_not_offered
 */
create function public.start_payment(
    provider text,
    sale_id public.identifier default null,
    booking_id public.identifier default null,
    order_id public.identifier default null,
    membership_id public.identifier default null,
    basket_id public.identifier default null,
    series_id public.identifier default null,
    link_token text default null,
    amount_minor public.whole_number default null,
    payment_method_id public.identifier default null,
    method_token text default null,
    save_method public.yes_no default 'false',
    return_url text default null,
    idempotency_key text default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if link_token is null then
        perform private.token_user_id();
    end if;
    return private.start_payment_once(
        jsonb_build_object(
            'sale_id', sale_id, 'booking_id', booking_id, 'order_id', order_id,
            'membership_id', membership_id, 'basket_id', basket_id, 'series_id', series_id,
            'link_token', link_token
        ),
        private.to_minor_units(amount_minor, 'amount_minor'),
        private.to_payment_wish(
            private.to_required_text(provider, 'provider', 40),
            payment_method_id, method_token, save_method, return_url
        ),
        idempotency_key
    );
end;
$$;

comment on function public.start_payment is
'Start a payment of a sale, a booking, an order, a membership, a series, a basket, or with a link.

Name one of them; what is owed is computed here. '
'/functions/v1/payments takes the same arguments, asks the provider at once and answers with what '
'the browser needs; after this call alone a worker asks within seconds. Starting again replaces '
'what the same payer began and did not finish. Returns {id, status, provider, currency, '
'amount_minor, captured_minor, refunded_minor, failure, basket_id, created_at, client}; client is '
'{kind, url?, client_secret?, order?, public_key?}, or null while there is nothing to do.

- provider: such as stripe, razorpay, payjp, paypal or sandbox.
- link_token: the token of a payment link; no sign-in is needed with it.
- amount_minor: a part of what is owed, in minor units, at least what is due now; by default '
'what is due now or, where nothing is, all that is owed.
- payment_method_id: a saved method of the caller.
- method_token: the one-time token of the provider''s script in the browser.
- save_method: keep the method for later.
- return_url: where the browser comes back to after a page of the provider''s.
- idempotency_key: repeating the call with the same key returns the same payment, for a day.

Errors: invalid_input 400, not_signed_in 401, not_found 404, idempotency_conflict 409, '
'link_expired 409, nothing_to_pay 409, method_expired 422, provider_not_offered 422.';
grant execute on function public.start_payment(
    text, public.identifier, public.identifier, public.identifier, public.identifier,
    public.identifier, public.identifier, text, public.whole_number, public.identifier, text,
    public.yes_no, text, text
)
to anon, authenticated, service_role;
