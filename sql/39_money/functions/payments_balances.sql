-- What a sale owes and what was paid of it. Nothing of it is stored: it is the sum of lines, parts
-- and refunds.

/*
 * Return what a sale owes, less what is paid or reserved: positive is the customer's to pay,
 * negative the business's to give back.
 * `secured`: captured or reserved. `returned`: given back, or about to be.
 */
create function money.sale_balance(
    business_id uuid,
    sale_id uuid,
    out owed_minor bigint,
    out secured_minor bigint,
    out captured_minor bigint,
    out returned_minor bigint,
    out balance_minor bigint
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    select coalesce(sum(sales.line_total(sale_lines)), 0)::bigint into owed_minor
    from sales.sale_lines
    where
        sale_lines.business_id = sale_balance.business_id
        and sale_lines.sale_id = sale_balance.sale_id;
    select
        coalesce(sum(greatest(parts.captured_minor, parts.authorized_minor)), 0),
        coalesce(sum(parts.captured_minor), 0),
        coalesce(sum(parts.refunding_minor + parts.refunded_minor), 0)
    into secured_minor, captured_minor, returned_minor
    from money.payment_parts as parts
    where
        parts.business_id = sale_balance.business_id
        and parts.sale_id = sale_balance.sale_id;
    balance_minor = owed_minor - secured_minor + returned_minor;
end;
$$;

/*
 * Return how much of what was paid or reserved for a sale can return to where it came from: cash is
 * for a member to hand back, and disputed payments are left alone.
 */
create function money.refundable(business_id uuid, sale_id uuid)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            coalesce(
                sum(
                    greatest(parts.captured_minor, parts.authorized_minor)
                    - parts.refunding_minor - parts.refunded_minor
                ),
                0
            )::bigint
        from money.payment_parts as parts
        where
            parts.business_id = refundable.business_id
            and parts.sale_id = refundable.sale_id
            and parts.provider <> 'cash'
            and parts.status <> 'disputed'
    );
end;
$$;

/*
 * Return the lines of a sale as they were sold, each with what it costs now (corrections and fees
 * that belong to it included), what was taken back of it, and what refunds gave back of it.
 */
create function money.line_balances(business_id uuid, sale_id uuid)
returns table (
    sale_line_id uuid, place smallint, remaining_minor bigint, taken_back_minor bigint
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        sold.id,
        sold.position,
        greatest(sums.total_minor, 0)::bigint,
        greatest(sales.line_total(sold) - sums.total_minor - refunded.amount_minor, 0)::bigint
    from sales.sale_lines as sold
    cross join lateral (
        select sum(sales.line_total(lines)) as total_minor
        from sales.sale_lines as lines
        where
            lines.business_id = sold.business_id
            and lines.sale_id = sold.sale_id
            and (lines.id = sold.id or lines.corrects_line_id = sold.id)
    ) as sums
    cross join lateral (
        select coalesce(sum(refund_lines.amount_minor), 0) as amount_minor
        from money.refund_lines
        inner join money.refunds
            on
                refunds.business_id = refund_lines.business_id
                and refunds.id = refund_lines.refund_id
                and refunds.status <> 'failed'
        where
            refund_lines.business_id = sold.business_id
            and refund_lines.sale_line_id = sold.id
    ) as refunded
    where
        sold.business_id = line_balances.business_id
        and sold.sale_id = line_balances.sale_id
        and sold.corrects_line_id is null
        and sales.line_total(sold) > 0;
end;
$$;

/*
 * Return the status that follows from what happened to a payment.
 */
create function money.payment_status_of(payment money.payments)
returns money.payment_status
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case
        when exists (
            select 1
            from money.disputes
            where disputes.payment_id = payment.id and disputes.status <> 'won'
        ) then 'disputed'
        when payment.captured_minor = 0 then payment.reached
        when payment.refunded_minor = payment.captured_minor then 'refunded'
        when payment.refunded_minor > 0 then 'partially_refunded'
        when payment.captured_minor < payment.amount_minor then 'partially_captured'
        else 'captured'
    end;
end;
$$;

/*
 * The payments of the signed-in payer.
 * Definer: parts and refunds ask this instead of the policy of payments, once a statement.
 */
create function private.my_payments()
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select payments.id
    from money.payments
    where payments.payer_id = auth.uid();
end;
$$;
