-- An order follows the payments and refunds of its sale, in the transaction that records them.

/*
 * Pay the order of a sale when a part of a payment for it is captured or reserved.
 * Definer: whoever records a payment has no rights on orders.
 */
create function commerce.payment_parts__pay_order()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform commerce.pay_order(orders.id)
    from commerce.orders
    where
        orders.business_id = new.business_id
        and orders.sale_id = new.sale_id
        and orders.status in ('pending', 'expired', 'cancelled');
    return null;
end;
$$;

create trigger _310_pay_order
after update of captured_minor, authorized_minor on money.payment_parts
for each row
when (
    new.captured_minor > old.captured_minor
    or new.authorized_minor > old.authorized_minor
)
execute function commerce.payment_parts__pay_order();

/*
 * Note that something was given back of an order.
 */
create function commerce.payment_parts__note_refund()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform commerce.note_refund(new.business_id, new.sale_id, true);
    return null;
end;
$$;

create trigger _320_note_refund
after update of refunded_minor on money.payment_parts
for each row
when (new.refunded_minor > old.refunded_minor)
execute function commerce.payment_parts__note_refund();
