-- A booking past a hold has a sale, on every path.

/*
 * Sell a booking when it stops being a hold: write its sale from the accepted quote, and note the
 * customer. The items of a hold learn their lines here; later items look theirs up.
 */
create function scheduling.bookings__sell()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    new.sale_id = sales.place_sale(
        new.business_id, new.customer_id, new.customer_name, new.customer_email,
        new.customer_phone, new.quote || jsonb_build_object('currency', new.currency)
    );
    perform customers.note_customer(
        new.business_id, new.customer_id, new.customer_name, new.customer_email,
        new.customer_phone, new.contact_verified_at
    );
    if tg_op = 'UPDATE' then
        update scheduling.booking_items
        set sale_line_id = sale_lines.id
        from sales.sale_lines
        where
            booking_items.business_id = new.business_id
            and booking_items.booking_id = new.id
            and sale_lines.business_id = new.business_id
            and sale_lines.sale_id = new.sale_id
            and sale_lines.position = booking_items.position;
    end if;
    return new;
end;
$$;

create trigger _150_sell
before insert or update of status on scheduling.bookings
for each row
when (new.sale_id is null and new.status not in ('held', 'expired', 'cancelled'))
execute function scheduling.bookings__sell();

/*
 * An item of a booking that is sold is one of the sale's lines.
 */
create function scheduling.booking_items__find_line()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    new.sale_line_id = (
        select sale_lines.id
        from scheduling.bookings
        inner join sales.sale_lines
            on
                sale_lines.business_id = bookings.business_id
                and sale_lines.sale_id = bookings.sale_id
                and sale_lines.position = new.position
        where bookings.id = new.booking_id
    );
    return new;
end;
$$;

create trigger _150_find_line
before insert on scheduling.booking_items
for each row
when (new.sale_line_id is null)
execute function scheduling.booking_items__find_line();

/*
 * Write a revision of the sale when a booking ends without being provided, or costs a fee.
 */
create function scheduling.bookings__revise_sale()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_cause sales.revision_cause = case
        when new.status in ('cancelled', 'rejected', 'expired', 'no_show') then new.status::text
        when old.status in ('no_show', 'expired') then 'corrected'
        else 'moved'
    end;
begin
    perform sales.revise_sale(
        new.business_id, new.sale_id, v_cause, scheduling.sale_changes(new, v_cause)
    );
    return null;
end;
$$;

create trigger _260_revise_sale
after update of status, reschedule_fee_minor on scheduling.bookings
for each row
when (
    new.sale_id is not null
    and (
        old.status is distinct from new.status
        and (
            new.status in ('cancelled', 'rejected', 'expired', 'no_show')
            or old.status in ('no_show', 'expired')
        )
        or old.reschedule_fee_minor is distinct from new.reschedule_fee_minor
    )
)
execute function scheduling.bookings__revise_sale();

/*
 * Write a revision of the sale when one service of a booking is cancelled.
 */
create function scheduling.booking_items__revise_sale()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
begin
    select bookings.* into v_booking
    from scheduling.bookings
    where bookings.id = new.booking_id and bookings.sale_id is not null;
    if found then
        perform sales.revise_sale(
            v_booking.business_id, v_booking.sale_id, 'cancelled',
            scheduling.sale_changes(v_booking, 'cancelled')
        );
    end if;
    return null;
end;
$$;

create trigger _260_revise_sale
after update of cancelled_at on scheduling.booking_items
for each row
when (old.cancelled_at is null and new.cancelled_at is not null)
execute function scheduling.booking_items__revise_sale();

/*
 * Note what a booking delivered when it ends: every line that stands when it is completed, the fees
 * when it was cancelled or nobody came.
 */
create function scheduling.bookings__deliver()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform sales.deliver_lines(
        new.business_id,
        new.sale_id,
        case
            when new.status <> 'completed' then array(
                select sale_lines.id
                from sales.sale_lines
                where
                    sale_lines.business_id = new.business_id
                    and sale_lines.sale_id = new.sale_id
                    and sale_lines.kind = 'fee'
            )
        end
    );
    return null;
end;
$$;

create trigger _270_deliver
after update of status on scheduling.bookings
for each row
when (
    new.sale_id is not null
    and old.status is distinct from new.status
    and new.status in ('completed', 'cancelled', 'no_show')
)
execute function scheduling.bookings__deliver();
