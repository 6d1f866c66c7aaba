-- What customers do with saved cards, and members with the cards that guarantee a sale.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT422 provider_not_offered
 */
create function public.save_payment_method(
    provider text, return_url text default null, method_token text default null
)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select money.own_setup(
        money.begin_setup(
            private.to_required_text(provider, 'provider', 40),
            private.to_text(return_url, 'return_url', 2000),
            private.to_text(method_token, 'method_token', 200)
        )
    );
end;
comment on function public.save_payment_method is
'Save a card or a wallet without a payment, such as for guarantee_sale.

/functions/v1/payment-methods takes the same arguments, asks the provider at once and answers with '
'what the browser needs; after this call alone a worker asks within seconds. The card stands in '
'payment_methods once the provider has it; finish_payment_method asks for that when the browser is '
'back. Returns {id, provider, status, failure, client, created_at}; status is pending, '
'requires_action, saved or failed, and client as start_payment returns it.

- provider: one at which customers pay by themselves.
- return_url: where the browser comes back to after a page of the provider''s.
- method_token: the one-time token of the provider''s script in the browser; payjp needs one, made '
'with 3-D Secure.

Errors: invalid_input 400, not_signed_in 401, provider_not_offered 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.finish_payment_method(setup_id public.identifier)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select money.own_setup(money.check_setup(private.to_identifier(setup_id, 'setup_id')));
end;
comment on function public.finish_payment_method is
'Ask the provider whether it has the card or the wallet that the caller saves.

Call it when the browser is back from the provider''s page or form. '
'/functions/v1/payment-methods/finish takes the same argument and asks at once; after this call '
'alone, and without any, a worker asks. Returns what save_payment_method returns: status is saved '
'once the provider has it, and requires_action until the customer has done their part.

- setup_id: the id that save_payment_method returned.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT422 method_expired
 */
create function public.guarantee_sale(
    sale_id public.identifier, payment_method_id public.identifier
)
returns public.sales
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return money.visible_sale(
        money.guarantee_sale(
            private.to_identifier(sale_id, 'sale_id'),
            private.to_identifier(payment_method_id, 'payment_method_id')
        )
    );
end;
$$;
comment on function public.guarantee_sale is
'Leave a saved card for the fees of a sale.

Fees for not coming, for a late cancellation, and those that the business charges are taken from '
'it, also those that an earlier card did not pay. For the customer; another call replaces the '
'card. Returns the sale.

Errors: invalid_input 400, not_signed_in 401, not_found 404, method_expired 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 nothing_to_pay · PT422 limit_reached
 */
create function public.charge_guarantee(sale_id public.identifier)
returns public.sales
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return money.visible_sale(
        money.charge_guarantee_again(private.to_identifier(sale_id, 'sale_id'))
    );
end;
$$;
comment on function public.charge_guarantee is
'Charge the card that guarantees a sale once more, after it was declined.

A worker asks the card by itself once after each fee, and when the customer leaves another card. '
'For owners and managers; a card that was declined three times for the sale is not asked again. '
'Repeating the call while the card is asked changes nothing. Returns the sale; payment_parts has '
'the charge.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, nothing_to_pay 409, '
'limit_reached 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.remove_payment_method(payment_method_id public.identifier)
returns void
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select money.remove_method(private.to_identifier(payment_method_id, 'payment_method_id'));
end;
comment on function public.remove_payment_method is
'Remove a saved payment method of the caller.

It pays and guarantees nothing any more, and its provider forgets it. Returns nothing.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';

grant execute on function
public.save_payment_method(text, text, text),
public.finish_payment_method(public.identifier),
public.guarantee_sale(public.identifier, public.identifier),
public.charge_guarantee(public.identifier),
public.remove_payment_method(public.identifier)
to anon, authenticated, service_role;
