-- Points follow sales, in the transaction that changes them.

/*
 * Settle the points of sales of which something was provided.
 * Definer: whoever completes a booking or hands goods over has no rights on points.
 */
create function loyalty.sale_line_deliveries__settle()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform loyalty.settle_sale(delivered.business_id, delivered.sale_id)
    from (
        select distinct new_rows.business_id, new_rows.sale_id
        from new_rows
        order by new_rows.business_id, new_rows.sale_id
    ) as delivered;
    return null;
end;
$$;

create trigger _430_settle_points
after insert on sales.sale_line_deliveries
referencing new table as new_rows
for each statement
execute function loyalty.sale_line_deliveries__settle();

/*
 * Settle the points of a sale whose lines were corrected.
 * Definer: as loyalty.sale_line_deliveries__settle.
 */
create function loyalty.sale_lines__settle()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform loyalty.settle_sale(new.business_id, new.sale_id);
    return null;
end;
$$;

create trigger _430_settle_points
after insert on sales.sale_lines
for each row
when (new.revision > 0)
execute function loyalty.sale_lines__settle();

/*
 * Settle the points of a sale that a gift card or credit pays, or is given back to.
 * Definer: as loyalty.sale_line_deliveries__settle.
 */
create function loyalty.payment_parts__settle()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform loyalty.settle_sale(new.business_id, new.sale_id);
    return null;
end;
$$;

create trigger _430_settle_points
after update of captured_minor, refunding_minor, refunded_minor on money.payment_parts
for each row
when (new.provider in ('gift_card', 'credit'))
execute function loyalty.payment_parts__settle();
