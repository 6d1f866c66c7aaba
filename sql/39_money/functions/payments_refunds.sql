-- Refunds: of parts of one payment, by one business, line by line. Two refunds at once cannot give
-- back more than was captured: each reserves its amount on the part under the payment's lock, and a
-- constraint holds the sum.

/*
 * Reserve a refund of a payment, which the caller has locked, and ask the provider for it. The
 * arrays say how much of which sale. Cash is handed back at once. Returns the refund's id.
 *
 * Errors:  PT409 refund_exceeds_payment
 */
create function money.begin_refund(
    payment money.payments, business_id uuid, sale_ids uuid[], amounts bigint[], reason text
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_refund_id uuid;
begin
    if exists (
        select 1
        from unnest(sale_ids, amounts) as wanted (sale_id, amount_minor)
        left join money.payment_parts as parts
            on
                parts.business_id = begin_refund.business_id
                and parts.sale_id = wanted.sale_id
                and parts.payment_id = payment.id
        where
            wanted.amount_minor > coalesce(
                parts.captured_minor - parts.refunding_minor - parts.refunded_minor, 0
            )
    ) then
        perform money.refuse_excess();
    end if;
    insert into money.refunds (
        business_id, payment_id, currency, amount_minor, reason, requested_by, created_at
    )
    values (
        begin_refund.business_id, payment.id, payment.currency,
        (select sum(amount) from unnest(amounts) as amount), begin_refund.reason, auth.uid(),
        private.now()
    )
    returning refunds.id into v_refund_id;
    perform money.reserve_refund(v_refund_id, begin_refund.business_id, payment.id, sale_ids, amounts);
    return v_refund_id;
end;
$$;

/*
 * Write the parts and the lines of a new refund, and reserve its amount on the payment's parts.
 */
create function money.reserve_refund(
    refund_id uuid, business_id uuid, payment_id uuid, sale_ids uuid[], amounts bigint[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update money.payment_parts
    set refunding_minor = payment_parts.refunding_minor + wanted.amount_minor
    from unnest(sale_ids, amounts) as wanted (sale_id, amount_minor)
    where
        payment_parts.business_id = reserve_refund.business_id
        and payment_parts.sale_id = wanted.sale_id
        and payment_parts.payment_id = reserve_refund.payment_id;
    insert into money.refund_parts (business_id, refund_id, sale_id, payment_id, amount_minor)
    select
        reserve_refund.business_id, reserve_refund.refund_id, wanted.sale_id,
        reserve_refund.payment_id, wanted.amount_minor
    from unnest(sale_ids, amounts) as wanted (sale_id, amount_minor)
    where wanted.amount_minor > 0;
end;
$$;

/*
 * Write of which lines a refund gives back: what was taken back of each and not refunded yet, or,
 * where nothing was, in proportion to what the lines cost.
 */
create function money.write_refund_lines(
    refund_id uuid, business_id uuid, sale_id uuid, amount_minor bigint
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_line_ids uuid[];
    v_taken_back bigint[];
    v_sold bigint[];
begin
    select
        array_agg(lines.sale_line_id order by lines.place),
        array_agg(lines.taken_back_minor order by lines.place),
        array_agg(lines.remaining_minor order by lines.place)
    into v_line_ids, v_taken_back, v_sold
    from money.line_balances(write_refund_lines.business_id, write_refund_lines.sale_id) as lines;
    if v_line_ids is null then
        return;
    end if;
    if (select sum(taken) from unnest(v_taken_back) as taken) = 0 then
        v_taken_back = v_sold;
    end if;
    insert into money.refund_lines (business_id, refund_id, sale_line_id, amount_minor)
    select write_refund_lines.business_id, write_refund_lines.refund_id, lines.id, lines.amount
    from unnest(v_line_ids, pricing.split(write_refund_lines.amount_minor, v_taken_back))
        as lines (id, amount)
    where lines.amount > 0;
end;
$$;

/*
 * Apply to a refund what its provider says of it. A refund that succeeded is final; one that failed
 * frees its amount, and may still succeed if its provider says so later.
 */
create function money.apply_refund_event(refund_id uuid, event money.provider_events)
returns money.event_outcome
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_refund money.refunds;
    v_to money.refund_status = split_part(event.kind, '.', 2);
begin
    select refunds.* into strict v_refund
    from money.refunds
    where refunds.id = apply_refund_event.refund_id
    for no key update;
    if v_refund.status >= v_to or v_refund.status = 'succeeded' then
        return 'unchanged';
    end if;
    if v_to = 'succeeded' and not money.is_as_refunded(v_refund, event) then
        return 'finding';
    end if;
    update money.refunds
    set
        status = v_to,
        finished_at = coalesce(refunds.finished_at, private.now()),
        failure = coalesce(event.data ->> 'failure', event.data ->> 'reason'),
        provider_reference = coalesce(refunds.provider_reference, event.object_reference)
    where refunds.id = v_refund.id;
    perform money.move_refunded_parts(v_refund, v_to);
    if v_to = 'succeeded' then
        perform money.count_refund(v_refund);
    end if;
    return 'applied';
end;
$$;

/*
 * Is the money of an event what a refund asked for, and is so much left? If not, it is a finding.
 */
create function money.is_as_refunded(refund money.refunds, event money.provider_events)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payment money.payments;
    v_is_left boolean = refund.status = 'pending' or not exists (
        select 1
        from money.refund_parts
        inner join money.payment_parts using (business_id, sale_id, payment_id)
        where
            refund_parts.business_id = refund.business_id
            and refund_parts.refund_id = refund.id
            and refund_parts.amount_minor > payment_parts.captured_minor
            - payment_parts.refunding_minor - payment_parts.refunded_minor
    );
begin
    if v_is_left
        and event.amount_minor is not distinct from refund.amount_minor
        and event.currency is not distinct from refund.currency then
        return true;
    end if;
    select payments.* into strict v_payment
    from money.payments
    where payments.id = refund.payment_id;
    perform money.note_finding(
        case when v_is_left then 'refund_differs' else 'refund_exceeds_payment' end, v_payment, event
    );
    return false;
end;
$$;

/*
 * Move the amount of a refund on the parts of its payment: from asked to given back, or to nothing.
 */
create function money.move_refunded_parts(refund money.refunds, to_status money.refund_status)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update money.payment_parts
    set
        refunding_minor = payment_parts.refunding_minor - case refund.status
            when 'pending' then refund_parts.amount_minor
            else 0
        end,
        refunded_minor = payment_parts.refunded_minor + case to_status
            when 'succeeded' then refund_parts.amount_minor
            else 0
        end
    from money.refund_parts
    where
        refund_parts.business_id = refund.business_id
        and refund_parts.refund_id = refund.id
        and payment_parts.business_id = refund_parts.business_id
        and payment_parts.sale_id = refund_parts.sale_id
        and payment_parts.payment_id = refund_parts.payment_id;
end;
$$;

/*
 * Count a refund that succeeded to its payment, and post it.
 */
create function money.count_refund(refund money.refunds)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payment money.payments;
begin
    select payments.* into strict v_payment
    from money.payments
    where payments.id = refund.payment_id;
    v_payment.refunded_minor = v_payment.refunded_minor + refund.amount_minor;
    update money.payments
    set
        refunded_minor = v_payment.refunded_minor,
        status = money.payment_status_of(v_payment)
    where payments.id = v_payment.id;
    perform money.post_refund(refund, v_payment);
end;
$$;
