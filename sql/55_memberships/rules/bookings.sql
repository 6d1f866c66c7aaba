-- Visits and credits come back when a booking that they paid for is not provided: always when the
-- business cancels or rejects it, and in time, by the booking's own policy, when the customer does.
-- Whoever does not come, or cancels too late, has used them.

/*
 * Could the customer of a booking cancel it now free of charge, by its policy? A share of what a
 * visit paid counts, although it is a share of nothing.
 */
create function memberships.is_free_to_cancel(booking scheduling.bookings)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_terms jsonb = scheduling.cancellation_terms(booking, private.now());
begin
    return private.now() < booking.starts_at
        and coalesce((v_terms ->> 'fee_bps')::integer, 0) = 0
        and coalesce((v_terms ->> 'fee_minor')::bigint, 0) = 0;
end;
$$;

/*
 * Give back the visits of a booking that ends without being provided.
 * Definer: whoever cancels has no rights on allowances.
 */
create function memberships.bookings__return_visits()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if new.status <> 'cancelled'
        or (scheduling.actors(old))[1] is distinct from 'customer'
        or memberships.is_free_to_cancel(old) then
        perform sales.return_allowances(new.business_id, new.sale_id);
    end if;
    return null;
end;
$$;

create trigger _300_return_visits
after update of status on scheduling.bookings
for each row
when (
    new.sale_id is not null
    and old.status is distinct from new.status
    and new.status in ('cancelled', 'rejected', 'expired')
)
execute function memberships.bookings__return_visits();

/*
 * Give back the visits of a service that is cancelled while others of its booking remain.
 * Definer: as memberships.bookings__return_visits.
 */
create function memberships.booking_items__return_visits()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
begin
    select bookings.* into strict v_booking
    from scheduling.bookings
    where bookings.id = new.booking_id;
    if (scheduling.actors(v_booking))[1] is distinct from 'customer'
        or memberships.is_free_to_cancel(v_booking) then
        perform sales.return_allowances(
            v_booking.business_id, v_booking.sale_id, array[new.sale_line_id]
        );
    end if;
    return null;
end;
$$;

create trigger _300_return_visits
after update of cancelled_at on scheduling.booking_items
for each row
when (old.cancelled_at is null and new.cancelled_at is not null and new.sale_line_id is not null)
execute function memberships.booking_items__return_visits();
