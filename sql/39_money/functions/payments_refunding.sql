-- How members refund: all that is left, an amount, or some lines. What a refund gives back beyond
-- what is overpaid makes the sale cheaper, by a revision.

/*
 * Refund a payment for the caller's business: the lines that are named, or an amount, or all that
 * is left. What is given back beyond what is owed too much reduces what the sale costs.
 * Definer: as money.cancel_payment.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 refund_exceeds_payment
 */
create function money.refund_payment(
    payment_id uuid, business_id uuid, amount_minor bigint, lines jsonb, reason text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_payment money.payments = money.lock_payment(refund_payment.payment_id);
    v_business_id uuid = money.refunding_business(v_payment.id, refund_payment.business_id);
    v_sale_ids uuid[];
    v_left bigint[];
    v_refund_id uuid;
begin
    select
        array_agg(parts.sale_id order by parts.sale_id),
        array_agg(
            parts.captured_minor - parts.refunding_minor - parts.refunded_minor
            order by parts.sale_id
        )
    into v_sale_ids, v_left
    from money.payment_parts as parts
    where parts.payment_id = v_payment.id and parts.business_id = v_business_id;
    if lines is not null then
        return money.refund_named_lines(v_payment, v_business_id, lines, amount_minor, reason);
    end if;
    amount_minor = coalesce(amount_minor, (select sum(amount) from unnest(v_left) as amount));
    if amount_minor <= 0 or amount_minor > (select sum(amount) from unnest(v_left) as amount) then
        perform money.refuse_excess();
    end if;
    v_left = pricing.split(amount_minor, v_left);
    v_refund_id = money.begin_refund(v_payment, v_business_id, v_sale_ids, v_left, reason);
    for v_index in 1 .. cardinality(v_sale_ids) loop
        continue when v_left[v_index] = 0;
        perform money.write_refund_lines(
            v_refund_id, v_business_id, v_sale_ids[v_index], v_left[v_index]
        );
        perform money.correct_refunded(v_refund_id, v_business_id, v_sale_ids[v_index]);
    end loop;
    perform money.send_refund(v_refund_id);
    return v_refund_id;
end;
$$;

/*
 * Refuse a refund of more than is left.
 *
 * Errors:  PT409 refund_exceeds_payment
 */
create function money.refuse_excess()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'refund_exceeds_payment', 'Less than that is left of the payment.',
        'Read the view payment_parts: captured_minor less what was refunded is left.'
    );
end;
$$;

/*
 * Return the business for which the caller refunds a payment: the one that it pays, or one of
 * several, if the caller manages it.
 *
 * Errors:  PT400 invalid_input · PT403 forbidden
 */
create function money.refunding_business(payment_id uuid, business_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_ids uuid[] = array(
        select distinct parts.business_id
        from money.payment_parts as parts
        where
            parts.payment_id = refunding_business.payment_id
            and parts.business_id = coalesce(refunding_business.business_id, parts.business_id)
            and (
                private.is_operator()
                or private.is_platform_staff('finance')
                or parts.business_id in (select private.my_businesses('manage'))
            )
    );
begin
    if v_ids = '{}' then
        perform private.refuse(
            'PT403', 'forbidden', 'You are not allowed to refund this payment.',
            'Ask a manager of the business.'
        );
    elsif cardinality(v_ids) > 1 then
        perform private.invalid('business_id', 'must name one of the businesses that were paid');
    end if;
    return v_ids[1];
end;
$$;

/*
 * Refund some lines of a sale, each in whole or in part.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 refund_exceeds_payment
 */
create function money.refund_named_lines(
    payment money.payments, business_id uuid, lines jsonb, amount_minor bigint, reason text
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_sale_ids uuid[];
    v_amounts bigint[];
    v_refund_id uuid;
    v_sale_id uuid;
begin
    select array_agg(sums.sale_id order by sums.sale_id), array_agg(sums.amount order by sums.sale_id)
    into v_sale_ids, v_amounts
    from (
        select named.sale_id, sum(named.amount_minor)::bigint as amount
        from money.named_lines(payment, refund_named_lines.business_id, lines) as named
        group by named.sale_id
    ) as sums;
    if amount_minor <> (select sum(amount) from unnest(v_amounts) as amount) then
        perform private.invalid('amount_minor', 'must be the sum of the lines, or be left out');
    end if;
    v_refund_id = money.begin_refund(
        payment, refund_named_lines.business_id, v_sale_ids, v_amounts, reason
    );
    insert into money.refund_lines (business_id, refund_id, sale_line_id, amount_minor)
    select refund_named_lines.business_id, v_refund_id, named.sale_line_id, named.amount_minor
    from money.named_lines(payment, refund_named_lines.business_id, lines) as named;
    foreach v_sale_id in array v_sale_ids loop
        perform money.correct_refunded(v_refund_id, refund_named_lines.business_id, v_sale_id);
    end loop;
    perform money.send_refund(v_refund_id);
    return v_refund_id;
end;
$$;

/*
 * Read the lines of a refund: [{sale_line_id, amount_minor?}], of sales that the payment paid.
 * Without an amount: what the line still costs.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 refund_exceeds_payment
 */
create function money.named_lines(payment money.payments, business_id uuid, lines jsonb)
returns table (sale_id uuid, sale_line_id uuid, amount_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_line jsonb;
    v_amount bigint;
begin
    for v_line in select value from jsonb_array_elements(lines) loop
        v_amount = private.to_minor_units(v_line ->> 'amount_minor', 'amount_minor');
        select parts.sale_id, balances.sale_line_id, coalesce(v_amount, balances.remaining_minor)
        into named_lines.sale_id, named_lines.sale_line_id, named_lines.amount_minor
        from money.payment_parts as parts
        cross join lateral money.line_balances(parts.business_id, parts.sale_id) as balances
        where
            parts.payment_id = payment.id
            and parts.business_id = named_lines.business_id
            and balances.sale_line_id = private.to_identifier(
                v_line ->> 'sale_line_id', 'sale_line_id'
            );
        if not found then
            perform private.refuse(
                'PT404', 'not_found', 'The payment paid no such line.',
                'Check the id in the view sale_lines.'
            );
        elsif named_lines.amount_minor <= 0 then
            perform money.refuse_excess();
        end if;
        return next;
    end loop;
end;
$$;

/*
 * Reduce what a sale costs by what a refund gives back beyond what was owed too much, line by line:
 * a revision, as for every change.
 */
create function money.correct_refunded(refund_id uuid, business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_excess bigint = (
        money.sale_balance(correct_refunded.business_id, correct_refunded.sale_id)
    ).balance_minor;
    v_changes sales.change[];
begin
    if v_excess <= 0 then
        return;
    end if;
    v_changes = array(
        select sales.make_change(
            sale_lines.kind, sale_lines.id, sale_lines.service_id, sale_lines.name,
            - round(
                shares.amount * (sale_lines.amount_minor - sale_lines.discount_minor)::numeric
                / sales.line_total(sale_lines)
            )::bigint
        )
        from money.shares_of_refund(
            correct_refunded.refund_id, correct_refunded.business_id, correct_refunded.sale_id,
            v_excess
        ) as shares
        inner join sales.sale_lines
            on
                sale_lines.business_id = correct_refunded.business_id
                and sale_lines.id = shares.sale_line_id
        where shares.amount > 0
        order by sale_lines.position
    );
    perform sales.revise_sale(
        correct_refunded.business_id, correct_refunded.sale_id, 'refunded', v_changes
    );
end;
$$;

/*
 * Split an excess over the lines of a refund, in proportion to what it gives back of each.
 */
create function money.shares_of_refund(
    refund_id uuid, business_id uuid, sale_id uuid, excess_minor bigint
)
returns table (sale_line_id uuid, amount bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_ids uuid[];
    v_amounts bigint[];
begin
    select
        array_agg(sale_lines.id order by sale_lines.position),
        array_agg(refund_lines.amount_minor order by sale_lines.position)
    into v_ids, v_amounts
    from money.refund_lines
    inner join sales.sale_lines
        on
            sale_lines.business_id = refund_lines.business_id
            and sale_lines.id = refund_lines.sale_line_id
    where
        refund_lines.business_id = shares_of_refund.business_id
        and refund_lines.refund_id = shares_of_refund.refund_id
        and sale_lines.sale_id = shares_of_refund.sale_id;
    return query
    select shares.id, shares.part
    from unnest(v_ids, pricing.split(excess_minor, v_amounts)) as shares (id, part);
end;
$$;
