-- The time of a booking follows its status.

/*
 * Release the time of a booking, keep it for good or, for a request that did not block, take it
 * now if it is still free.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.bookings__follow_with_allocations()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if new.status in ('confirmed', 'checked_in', 'completed') then
        perform scheduling.release_expired_holds(
            array_agg(allocations.resource_id), range_merge(range_agg(allocations.during))
        )
        from scheduling.allocations
        where
            allocations.business_id = new.business_id
            and allocations.booking_id = new.id
            and not allocations.is_blocking
        having count(*) > 0;
    end if;

    update scheduling.allocations
    set
        is_blocking = scheduling.is_blocking(new.status, services.is_blocked_by_pending),
        expires_at = case
            when new.status in ('held', 'pending_payment') then new.hold_expires_at
        end
    from scheduling.booking_items
    inner join catalog.services on services.id = booking_items.service_id
    where
        allocations.business_id = new.business_id
        and allocations.booking_id = new.id
        and booking_items.id = allocations.booking_item_id;
    perform scheduling.follow_with_seats(new);
    return null;
exception
    when exclusion_violation then
        perform scheduling.refuse_taken();
        return null;
end;
$$;

create trigger _200_follow_with_allocations
after update of status on scheduling.bookings
for each row
when (old.status is distinct from new.status)
execute function scheduling.bookings__follow_with_allocations();
