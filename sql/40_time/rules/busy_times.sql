-- Busy times follow allocations on every path: bookings, moves, confirmations, cancellations, holds
-- that expire, sessions. A caller who takes time has locked the person together with the resources
-- (scheduling.people_of). A caller who could not know of the person yet, because the switch was
-- turned on meanwhile, does not wait here: waiting out of order could deadlock.

/*
 * Make the person who is a resource busy for an allocation. Without the person's lock, which a
 * caller in order has, or where another business has the time, it is taken.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.add_busy_time(allocation scheduling.allocations)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_person_id uuid = (scheduling.people_of(array[allocation.resource_id]))[1];
begin
    if v_person_id is null then
        return;
    end if;
    -- A change of who the resource is holds this row: read again after it.
    perform 1 from catalog.resources where resources.id = allocation.resource_id for key share;
    v_person_id = (scheduling.people_of(array[allocation.resource_id]))[1];
    if v_person_id is null then
        return;
    end if;
    if private.try_lock(array[v_person_id]) then
        insert into scheduling.busy_times (
            business_id, resource_id, owner_id, unit, person_id, booking_id, during, expires_at
        )
        values (
            allocation.business_id,
            allocation.resource_id,
            coalesce(allocation.booking_item_id, allocation.session_id),
            allocation.unit,
            v_person_id,
            allocation.booking_id,
            allocation.during,
            allocation.expires_at
        )
        on conflict do nothing;
        if found then
            return;
        end if;
    end if;
    perform scheduling.refuse_taken();
end;
$$;

/*
 * End the busy time that an allocation made.
 */
create function scheduling.remove_busy_time(allocation scheduling.allocations)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    delete from scheduling.busy_times
    where
        busy_times.business_id = allocation.business_id
        and busy_times.resource_id = allocation.resource_id
        and busy_times.owner_id = coalesce(allocation.booking_item_id, allocation.session_id)
        and busy_times.unit = allocation.unit;
end;
$$;

/*
 * Change the busy time of an allocation together with it.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.change_busy_time(allocation scheduling.allocations)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if scheduling.people_of(array[allocation.resource_id]) = '{}' then
        return;
    end if;
    update scheduling.busy_times
    set
        during = allocation.during,
        expires_at = allocation.expires_at
    where
        busy_times.business_id = allocation.business_id
        and busy_times.resource_id = allocation.resource_id
        and busy_times.owner_id = coalesce(allocation.booking_item_id, allocation.session_id)
        and busy_times.unit = allocation.unit;
exception
    when exclusion_violation then
        perform scheduling.refuse_taken();
end;
$$;

/*
 * Let the busy times of people follow an allocation.
 * Definer: nobody has access to busy times.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.allocations__keep_busy_times()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if tg_op = 'INSERT' then
        perform scheduling.add_busy_time(new);
    elsif tg_op = 'DELETE' then
        perform scheduling.remove_busy_time(old);
    elsif old.is_blocking and new.is_blocking and old.resource_id = new.resource_id
        and old.unit = new.unit then
        perform scheduling.change_busy_time(new);
    else
        perform scheduling.remove_busy_time(old);
        if new.is_blocking then
            perform scheduling.add_busy_time(new);
        end if;
    end if;
    return null;
end;
$$;

create trigger _600_keep_busy_times
after insert on scheduling.allocations
for each row
when (new.is_blocking)
execute function scheduling.allocations__keep_busy_times();

create trigger _600_keep_busy_times_when_changed
after update on scheduling.allocations
for each row
when (
    (old.is_blocking or new.is_blocking)
    and (old.during, old.is_blocking, old.expires_at, old.resource_id, old.unit)
    is distinct from (new.during, new.is_blocking, new.expires_at, new.resource_id, new.unit)
)
execute function scheduling.allocations__keep_busy_times();

create trigger _600_keep_busy_times_when_deleted
after delete on scheduling.allocations
for each row
when (old.is_blocking)
execute function scheduling.allocations__keep_busy_times();
