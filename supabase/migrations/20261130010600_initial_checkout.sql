-- The initial schema of 66_checkout: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/66_checkout/functions/payments.sql

-- How a payment of what sellers sold begins. Money knows sales alone; here somebody names a
-- booking, a series, a basket or a link, and it becomes sales, with what each must get at least.

-- What may be paid together, and what of each sale must be paid before anything happens.
create type private.payable as (
    business_ids uuid array,
    sale_ids uuid array,
    due_minor bigint array,
    -- What is due now: a prepayment that is missing. 0: nothing is due yet.
    due_now_minor bigint array,
    basket_id uuid,
    payer_id uuid
);

/*
 * Return the sales that somebody wants to pay, if they may: as their customer, as a member who
 * serves customers, or with a link.
 *
 * Errors:  PT404 not_found · PT409 link_expired
 */
create function private.sales_to_pay(target text, id uuid, link_token text)
returns sales.sales[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_sales sales.sales[];
begin
    if target = 'link_token' then
        id = (money.usable_link(sales_to_pay.link_token)).sale_id;
    end if;
    v_sales = array(
        select sales
        from sales.sales
        left join scheduling.bookings
            on bookings.business_id = sales.business_id and bookings.sale_id = sales.id
        where
            case target
                when 'booking_id' then bookings.id = sales_to_pay.id
                when 'series_id' then bookings.series_id = sales_to_pay.id
                when 'basket_id' then sales.basket_id = sales_to_pay.id
                else sales.id = sales_to_pay.id
            end
            and (
                target = 'link_token'
                or private.is_operator()
                or sales.customer_id = auth.uid()
                or scheduling.actors(bookings) <> '{}'
                or sales.business_id in (select private.my_businesses('serve'))
            )
        order by sales.business_id, sales.id
    );
    if v_sales = '{}' then
        perform private.refuse(
            'PT404', 'not_found', 'There is nothing of that kind to pay.',
            'Check the id in the view bookings, sales or baskets.'
        );
    end if;
    return v_sales;
end;
$$;

/*
 * Lock some sales, and return what can be paid of them.
 */
create function private.payable_of(sold sales.sales[], target text)
returns private.payable
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payable private.payable;
begin
    v_payable.business_ids = array(
        select sales.business_id from unnest(sold) as sales order by sales.business_id, sales.id
    );
    v_payable.sale_ids = array(
        select sales.id from unnest(sold) as sales order by sales.business_id, sales.id
    );
    perform money.lock_sales(v_payable.sale_ids);
    v_payable.due_minor = money.dues(v_payable.business_ids, v_payable.sale_ids);
    v_payable.due_now_minor = array(
        select
            least(
                dues.minor,
                coalesce(
                    (
                        select greatest(
                            bookings.prepayment_minor
                            - (balance.secured_minor - balance.returned_minor),
                            0
                        )
                        from scheduling.bookings
                        cross join lateral money.sale_balance(dues.business_id, dues.sale_id)
                            as balance
                        where
                            bookings.business_id = dues.business_id
                            and bookings.sale_id = dues.sale_id
                            and bookings.status = 'pending_payment'
                    ),
                    0
                )
            )
        from unnest(v_payable.business_ids, v_payable.sale_ids, v_payable.due_minor)
            with ordinality as dues (business_id, sale_id, minor, place)
        order by dues.place
    );
    v_payable.basket_id = case when target = 'basket_id' then sold[1].basket_id end;
    v_payable.payer_id = case
        when target = 'link_token' then auth.uid()
        else coalesce(sold[1].customer_id, auth.uid())
    end;
    return v_payable;
end;
$$;

/*
 * Split what somebody pays over the sales: what is due now first, the rest in proportion to what is
 * owed. Without an amount they pay what is due now or, where nothing is, all that is owed.
 *
 * Errors:  PT400 invalid_input
 */
create function private.amounts_to_pay(payable private.payable, amount_minor bigint)
returns bigint[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_due bigint = (select sum(due) from unnest(payable.due_minor) as due);
    v_now bigint = (select sum(due) from unnest(payable.due_now_minor) as due);
    v_amount bigint = coalesce(amount_minor, nullif(v_now, 0), v_due);
    v_rest bigint[];
begin
    if v_due > 0 and v_amount not between greatest(v_now, 1) and v_due then
        perform private.invalid(
            'amount_minor', format('must be from %s to %s', greatest(v_now, 1), v_due)
        );
    elsif v_amount in (v_now, v_due) then
        return case v_amount when v_due then payable.due_minor else payable.due_now_minor end;
    end if;
    v_rest = array(
        select dues.due - dues.now
        from unnest(payable.due_minor, payable.due_now_minor) with ordinality
            as dues (due, now, place)
        order by dues.place
    );
    return array(
        select parts.now + parts.more
        from unnest(payable.due_now_minor, pricing.split(v_amount - v_now, v_rest))
            with ordinality as parts (now, more, place)
        order by parts.place
    );
end;
$$;

/*
 * Begin a payment of what somebody names. The edge asks the provider at once; if it does not, a
 * worker does two seconds later. Returns the payment's id.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 link_expired nothing_to_pay
 *          PT422 method_expired provider_not_offered
 */
create function private.start_payment(
    target text, id uuid, link_token text, amount_minor bigint, wish money.payment_wish
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payable private.payable;
    v_link money.payment_links;
    v_payment_id uuid;
begin
    v_payable = private.payable_of(
        private.sales_to_pay(target, start_payment.id, start_payment.link_token), target
    );
    if target = 'link_token' then
        v_link = money.usable_link(start_payment.link_token);
        amount_minor = coalesce(v_link.amount_minor, start_payment.amount_minor);
    end if;
    if wish.method_id is not null and v_payable.payer_id is distinct from auth.uid() then
        perform private.refuse(
            'PT404', 'not_found', 'You have no such payment method.',
            'Check the id in the view payment_methods.'
        );
    end if;
    wish.business_ids = v_payable.business_ids;
    wish.sale_ids = v_payable.sale_ids;
    wish.amounts = private.amounts_to_pay(v_payable, amount_minor);
    wish.basket_id = v_payable.basket_id;
    wish.payer_id = v_payable.payer_id;
    v_payment_id = money.begin_payment(wish);
    perform money.ask_provider(
        'create', v_payment_id, clock_timestamp() + interval '2 seconds'
    );
    return v_payment_id;
end;
$$;

-- sql/66_checkout/functions/starting.sql

-- How clients start a payment: the arguments are read, and a repeated call finds the first payment.

/*
 * Return which one of the things that can be paid is named: the name of its argument. What later
 * versions sell is refused by name.
 *
 * Errors:  PT400 invalid_input
 */
create function private.payment_target(targets jsonb)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_names text[] = array(select key from jsonb_each(jsonb_strip_nulls(targets)));
    v_unsold text = (
        select min(names.name)
        from unnest(v_names) as names (name)
        where names.name in ('order_id', 'membership_id')
    );
begin
    if v_unsold is not null then
        perform private.invalid(v_unsold, 'is not sold by this version');
    elsif cardinality(v_names) <> 1 then
        perform private.invalid(
            'sale_id, booking_id, series_id, basket_id or link_token',
            'must be sent, and only one of them'
        );
    end if;
    return v_names[1];
end;
$$;

/*
 * Start a payment once for an idempotency key. Returns the payment with what the payer's browser
 * needs next; a repetition shows the first payment as it is now.
 * Definer: nobody has a write grant on payments; private.start_payment checks the caller.
 *
 * Errors:  PT409 idempotency_conflict · those of private.start_payment
 */
create function private.start_payment_once(
    targets jsonb, amount_minor bigint, wish money.payment_wish, idempotency_key text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_target text = private.payment_target(targets);
    v_answer jsonb;
    v_id uuid;
begin
    if idempotency_key is not null and auth.uid() is not null then
        v_answer = private.first_answer(
            'start_payment', idempotency_key,
            jsonb_build_array(
                jsonb_strip_nulls(targets), start_payment_once.amount_minor, to_jsonb(wish)
            )
        );
        if v_answer is not null then
            return money.shown_payment((v_answer ->> 'id')::uuid);
        end if;
    end if;
    v_id = private.start_payment(
        v_target,
        case
            when v_target <> 'link_token'
                then private.to_identifier(targets ->> v_target, v_target)
        end,
        targets ->> 'link_token', start_payment_once.amount_minor, wish
    );
    if idempotency_key is not null and auth.uid() is not null then
        perform private.remember_answer(
            'start_payment', idempotency_key, jsonb_build_object('id', v_id)
        );
    end if;
    return money.shown_payment(v_id);
end;
$$;

-- sql/66_checkout/policies.sql

-- What clients call through the functions of public.
grant execute on function private.start_payment_once(jsonb, bigint, money.payment_wish, text)
to anon, authenticated, service_role;

-- sql/66_checkout/api.sql

-- What clients ask about prices.

/*
 * Price some services as they would be booked.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 *          PT409 coupon_exhausted insufficient_points not_bookable · PT422 coupon_invalid
 */
create function public.quote(
    items public.list,
    coupon_code text default null,
    redeem_points public.whole_number default '0',
    currency text default null,
    store_id public.identifier default null,
    region text default null,
    delivery_option_id public.identifier default null
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if delivery_option_id is not null then
        perform private.invalid('delivery_option_id', 'must be empty: services are not delivered');
    end if;
    return scheduling.price_legs(
        scheduling.legs(scheduling.to_selections(items)),
        pricing.to_terms(coupon_code, redeem_points, currency, store_id, region, null),
        auth.uid(),
        null
    );
end;
$$;

comment on function public.quote is
'Return the price of services, as it would be stored with the booking.

items is [{service_id, starts_at?, resource_id?, addon_ids?, party_size?}] of one business and one '
'currency; the other keys of book_many are read and do not change the price, any further key is '
'refused. Prices that depend on the time or on the person need starts_at or resource_id. Returns '
'{currency, lines: [{kind, service_id, name, addons, quantity, unit_minor, amount_minor, '
'discount_minor, tax_minor, tax_is_included, discounts: [{source, name, bearer, amount_minor}], '
'rules: [{source, id, name, unit_minor}]}], taxes, promotions, subtotal_minor, discount_minor, '
'tax_minor, total_minor}, with amounts in whole minor units. rules has the price of one after '
'each price list and rule, in the order in which they applied.

- coupon_code: a coupon of the business, in any case of letters.
- redeem_points: how many points to pay with.
- currency: ISO 4217 code; by default that of the services. Price lists have the prices in others.
- store_id: the store where it is bought.
- region: ISO 3166 code of the buyer''s country or its part, such as DE or DE-BY; by default that '
'of the store or the business.
- delivery_option_id: for goods; services take none.

Errors: invalid_input 400, not_found 404, coupon_exhausted 409, insufficient_points 409, '
'not_bookable 409, coupon_invalid 422.';
grant execute on function public.quote(
    public.list, text, public.whole_number, text, public.identifier, text, public.identifier
)
to anon, authenticated, service_role;

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
declare
    v_wish money.payment_wish;
begin
    if link_token is null then
        perform private.token_user_id();
    end if;
    v_wish.provider = private.to_required_text(provider, 'provider', 40);
    v_wish.method_id = private.to_identifier(
        payment_method_id, 'payment_method_id', is_required => false
    );
    v_wish.method_token = private.to_text(method_token, 'method_token', 255);
    v_wish.saves_method = private.to_yes_no(save_method, 'save_method');
    v_wish.return_url = private.to_text(return_url, 'return_url', 2000);
    return private.start_payment_once(
        jsonb_build_object(
            'sale_id', sale_id, 'booking_id', booking_id, 'order_id', order_id,
            'membership_id', membership_id, 'basket_id', basket_id, 'series_id', series_id,
            'link_token', link_token
        ),
        private.to_minor_units(amount_minor, 'amount_minor'),
        v_wish,
        idempotency_key
    );
end;
$$;

comment on function public.start_payment is
'Start a payment of a sale, a booking, a series, a basket, or with a link.

Name one of them; what is owed is computed here. Orders and memberships come with a later version. '
'/functions/v1/payments takes the same arguments, asks the provider at once and answers with what '
'the browser needs; after this call alone a worker asks within seconds. Starting again replaces '
'what the same payer began and did not finish. Returns {id, status, provider, currency, '
'amount_minor, captured_minor, refunded_minor, failure, basket_id, created_at, client}; client is '
'{kind, url?, client_secret?, order?, public_key?}, or null while there is nothing to do.

- provider: such as stripe, razorpay, payjp, paypal or sandbox.
- link_token: the token of a payment link; no sign-in is needed with it.
- amount_minor: a part of what is owed, in minor units, at least what is due now; by default what is '
'due now or, where nothing is, all that is owed.
- payment_method_id: a saved method of the caller.
- method_token: the one-time token of the provider''s script in the browser.
- save_method: keep the method for later.
- return_url: where the browser comes back to after a page of the provider''s.
- idempotency_key: repeating the call with the same key returns the same payment, for a day.

Errors: invalid_input 400, not_signed_in 401, not_found 404, idempotency_conflict 409, link_expired '
'409, nothing_to_pay 409, method_expired 422, provider_not_offered 422.';
grant execute on function public.start_payment(
    text, public.identifier, public.identifier, public.identifier, public.identifier,
    public.identifier, public.identifier, text, public.whole_number, public.identifier, text,
    public.yes_no, text, text
)
to anon, authenticated, service_role;

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
