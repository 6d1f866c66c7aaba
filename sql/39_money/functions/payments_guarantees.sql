-- Cards that customers leave for the fees of a sale, such as for not coming. A worker asks the card
-- once after each fee. A declined card is asked again only by a member, a few times, or when the
-- customer leaves another one; meanwhile the sale owes the fee, and the customer may pay it.

/*
 * Keep a saved method as the guarantee for the fees of the caller's own sale. Fees that an earlier
 * card did not pay are charged to it.
 * Definer: nobody has a write grant on guarantees; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT422 method_expired
 */
create function money.guarantee_sale(sale_id uuid, method_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.token_user_id();
    v_sale sales.sales;
    v_method money.payment_methods;
begin
    select sales.* into v_sale
    from sales.sales
    where sales.id = guarantee_sale.sale_id and sales.customer_id = v_user_id;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'You have no such sale.', 'Check the id in the view sales.'
        );
    end if;
    select payment_methods.* into v_method
    from money.payment_methods
    where payment_methods.id = guarantee_sale.method_id;
    v_method = money.require_method(guarantee_sale.method_id, v_user_id, v_method.provider);
    insert into money.guarantees (business_id, sale_id, method_id, created_at)
    values (v_sale.business_id, v_sale.id, v_method.id, private.now())
    on conflict on constraint guarantees_pkey do update
    set method_id = excluded.method_id;
    perform private.send_message(
        'payments', 'settle_sale',
        jsonb_build_object('business_id', v_sale.business_id, 'sale_id', v_sale.id)
    );
    return v_sale.id;
end;
$$;

/*
 * Return the card that guarantees a sale; null where there is none, or where it was removed or has
 * expired.
 */
create function money.guaranteeing_method(business_id uuid, sale_id uuid)
returns money.payment_methods
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_method money.payment_methods;
begin
    select payment_methods.* into v_method
    from money.guarantees
    inner join money.payment_methods on payment_methods.id = guarantees.method_id
    where
        guarantees.business_id = guaranteeing_method.business_id
        and guarantees.sale_id = guaranteeing_method.sale_id
        and payment_methods.removed_at is null
        and not money.is_expired(payment_methods);
    return v_method;
end;
$$;

/*
 * Return the fees of a sale that nobody has paid and no card is being asked for.
 */
create function money.open_fees(business_id uuid, sale_id uuid)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_fees bigint = (
        select coalesce(sum(sales.line_total(sale_lines)), 0)
        from sales.sale_lines
        where
            sale_lines.business_id = open_fees.business_id
            and sale_lines.sale_id = open_fees.sale_id
            and sale_lines.kind = 'fee'
    );
    v_charged bigint = (
        select coalesce(sum(charges.amount_minor), 0)
        from money.guarantee_charges(open_fees.business_id, open_fees.sale_id) as charges
        where charges.status not in ('failed', 'cancelled', 'expired')
    );
begin
    return greatest(
        least(
            v_fees - v_charged,
            (money.sale_balance(open_fees.business_id, open_fees.sale_id)).balance_minor
        ),
        0
    );
end;
$$;

/*
 * Return the charges of guarantees for a sale, whatever became of them.
 */
create function money.guarantee_charges(business_id uuid, sale_id uuid)
returns setof money.payments
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select payments.*
    from money.payment_parts as parts
    inner join money.payments on payments.id = parts.payment_id
    where
        parts.business_id = guarantee_charges.business_id
        and parts.sale_id = guarantee_charges.sale_id
        and payments.is_off_session;
end;
$$;

/*
 * Was a card declined for a sale since it has the latest of its fees?
 */
create function money.was_declined(business_id uuid, sale_id uuid, method_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from money.guarantee_charges(was_declined.business_id, was_declined.sale_id) as charges
        where
            charges.method_id = was_declined.method_id
            and charges.failure is not null
            and charges.created_at >= (
                select max(sale_revisions.at)
                from sales.sale_lines
                inner join sales.sale_revisions using (business_id, sale_id, revision)
                where
                    sale_lines.business_id = was_declined.business_id
                    and sale_lines.sale_id = was_declined.sale_id
                    and sale_lines.kind = 'fee'
            )
    );
end;
$$;

/*
 * Charge the card that a customer left for a sale, which the caller has locked, with the fees that
 * are open, unless it was declined for them.
 */
create function money.charge_guarantee(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_method money.payment_methods = money.guaranteeing_method(
        charge_guarantee.business_id, charge_guarantee.sale_id
    );
    v_fees bigint = money.open_fees(charge_guarantee.business_id, charge_guarantee.sale_id);
begin
    if v_method.id is null
        or v_fees = 0
        or money.was_declined(
            charge_guarantee.business_id, charge_guarantee.sale_id, v_method.id
        ) then
        return;
    end if;
    perform money.charge_method(
        charge_guarantee.business_id, charge_guarantee.sale_id, v_method, v_fees
    );
end;
$$;

/*
 * Begin a payment of a sale by a saved card whose owner is not there.
 */
create function money.charge_method(
    business_id uuid, sale_id uuid, method money.payment_methods, amount_minor bigint
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_wish money.payment_wish;
begin
    v_wish.business_ids = array[charge_method.business_id];
    v_wish.sale_ids = array[charge_method.sale_id];
    v_wish.amounts = array[charge_method.amount_minor];
    v_wish.payer_id = method.user_id;
    v_wish.provider = method.provider;
    v_wish.method_id = method.id;
    v_wish.is_off_session = true;
    perform money.ask_provider('create', money.begin_payment(v_wish));
end;
$$;

/*
 * Charge the card that was left for a sale again, for the caller's business. Banks count attempts
 * against whoever makes them, so a card is declined three times at most. While it is being asked,
 * nothing happens. Returns the sale's id.
 * Definer: as money.guarantee_sale.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 nothing_to_pay
 *          PT422 limit_reached
 */
create function money.charge_guarantee_again(sale_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_sale sales.sales = money.lock_own_sale(charge_guarantee_again.sale_id, 'manage');
    v_method money.payment_methods = money.guaranteeing_method(v_sale.business_id, v_sale.id);
    v_fees bigint = money.open_fees(v_sale.business_id, v_sale.id);
begin
    if v_method.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'No card that can be charged guarantees this sale.',
            'Ask the customer for another card, or send them a payment link.'
        );
    elsif exists (
        select 1
        from money.guarantee_charges(v_sale.business_id, v_sale.id) as charges
        where charges.status in ('pending', 'requires_action')
    ) then
        return v_sale.id;
    elsif v_fees = 0 then
        perform private.refuse(
            'PT409', 'nothing_to_pay', 'Nothing is left to pay.',
            'Read balance_minor in the view sales.'
        );
    elsif (
        select count(*) >= 3
        from money.guarantee_charges(v_sale.business_id, v_sale.id) as charges
        where charges.method_id = v_method.id and charges.failure is not null
    ) then
        perform private.refuse(
            'PT422', 'limit_reached', 'This card was declined three times.',
            'Ask the customer for another card, or send them a payment link.'
        );
    end if;
    perform money.charge_method(v_sale.business_id, v_sale.id, v_method, v_fees);
    return v_sale.id;
end;
$$;
