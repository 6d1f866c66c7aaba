-- How a payment of what sellers sold begins. Money knows sales alone; here somebody names a
-- booking, a membership, a series, a basket or a link, and it becomes sales, with what each must
-- get at least.

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
                when 'order_id' then sales.id = (
                    select orders.sale_id
                    from commerce.orders
                    where orders.id = sales_to_pay.id
                )
                when 'membership_id' then sales.id = memberships.unpaid_sale(sales_to_pay.id)
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
            'Check the id in the view bookings, orders, memberships, sales or baskets.'
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
set plan_cache_mode = 'force_generic_plan'
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
set plan_cache_mode = 'force_generic_plan'
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
 * Begin a payment of what somebody names. Returns the payment's id.
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
begin
    v_payable = private.payable_of(
        private.sales_to_pay(target, start_payment.id, start_payment.link_token), target
    );
    if target = 'link_token' then
        v_link = money.usable_link(start_payment.link_token);
        amount_minor = coalesce(v_link.amount_minor, start_payment.amount_minor);
    end if;
    return private.pay(v_payable, amount_minor, wish);
end;
$$;

/*
 * Begin a payment of sales that are locked. The edge asks the provider at once; if it does not, a
 * worker does two seconds later. Returns the payment's id.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 nothing_to_pay
 *          PT422 method_expired provider_not_offered
 */
create function private.pay(
    payable private.payable, amount_minor bigint, wish money.payment_wish
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payment_id uuid;
begin
    if wish.method_id is not null and payable.payer_id is distinct from auth.uid() then
        perform private.refuse(
            'PT404', 'not_found', 'You have no such payment method.',
            'Check the id in the view payment_methods.'
        );
    end if;
    wish.business_ids = payable.business_ids;
    wish.sale_ids = payable.sale_ids;
    wish.amounts = private.amounts_to_pay(payable, amount_minor);
    wish.basket_id = payable.basket_id;
    wish.payer_id = payable.payer_id;
    v_payment_id = money.begin_payment(wish);
    perform money.ask_provider(
        'create', v_payment_id, clock_timestamp() + interval '2 seconds'
    );
    return v_payment_id;
end;
$$;
