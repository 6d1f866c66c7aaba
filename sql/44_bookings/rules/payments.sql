-- A booking follows the payments of its sale, in the transaction that records them.

/*
 * Confirm the booking of a sale when a part of a payment for it is captured or reserved.
 */
create function scheduling.payment_parts__confirm_booking()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.confirm_paid(bookings.id)
    from scheduling.bookings
    where
        bookings.business_id = new.business_id
        and bookings.sale_id = new.sale_id
        and bookings.status in ('pending_payment', 'expired');
    return null;
end;
$$;

create trigger _300_confirm_booking
after update of captured_minor, authorized_minor on money.payment_parts
for each row
when (
    new.captured_minor > old.captured_minor
    or new.authorized_minor > old.authorized_minor
)
execute function scheduling.payment_parts__confirm_booking();
