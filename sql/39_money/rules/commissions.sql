-- When earnings are brought up to date: in the transaction that delivers a line, takes one back,
-- gives money back, or takes money. These triggers fire last, so that the locks of a sale's
-- earnings are the last that a transaction takes.

/*
 * Earn the lines that were delivered.
 */
create function money.sale_line_deliveries__earn()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform money.update_earnings(new.business_id, new.sale_id);
    return null;
end;
$$;

create trigger _900_earn
after insert on sales.sale_line_deliveries
for each row execute function money.sale_line_deliveries__earn();

/*
 * Take back what was earned by a line that is taken back after it was delivered.
 * Definer: it runs as whoever corrects the sale, who cannot read the terms.
 */
create function money.sale_lines__reverse()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from money.line_terms
        where
            line_terms.business_id = new.business_id
            and line_terms.sale_id = new.sale_id
    ) then
        perform money.update_earnings(new.business_id, new.sale_id);
    end if;
    return null;
end;
$$;

create trigger _900_reverse
after insert on sales.sale_lines
for each row
when (new.revision > 0 and new.amount_minor < 0)
execute function money.sale_lines__reverse();

/*
 * Take back what was earned by the lines of which a refund gave money back.
 */
create function money.refunds__reverse()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform money.update_earnings(refund_parts.business_id, refund_parts.sale_id)
    from money.refund_parts
    where refund_parts.business_id = new.business_id and refund_parts.refund_id = new.id
    order by refund_parts.sale_id;
    return null;
end;
$$;

create trigger _900_reverse
after update of status on money.refunds
for each row
when (old.status <> 'succeeded' and new.status = 'succeeded')
execute function money.refunds__reverse();

/*
 * Let a sale be paid out once the customer has paid it. Cash that the business took itself is taken
 * from what it can be paid out, and given back to it with a refund in cash.
 */
create function money.payment_parts__release()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_kept bigint = (new.captured_minor - new.refunded_minor)
    - (old.captured_minor - old.refunded_minor);
begin
    if new.provider = 'cash' then
        perform money.take_from_earnings(
            new.business_id, new.currency, 'cash', v_kept,
            money.account('cash', new.currency, business_id => new.business_id)
        );
    end if;
    perform money.release_paid_sale(new.business_id, new.sale_id);
    return null;
end;
$$;

create trigger _900_release
after update of captured_minor, refunded_minor on money.payment_parts
for each row
when (
    old.captured_minor <> new.captured_minor
    or new.provider = 'cash' and old.refunded_minor <> new.refunded_minor
)
execute function money.payment_parts__release();
