/*
 * Refuse to shrink a capacity below a unit that is booked in the future.
 * Definer: a manager of the resource may not see every allocation.
 *
 * Errors:  PT409 capacity_in_use
 */
create function scheduling.resources__keep_booked_places()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from scheduling.allocations
        where
            allocations.resource_id = new.id
            and allocations.unit > new.capacity
            and allocations.is_blocking
            and upper(allocations.during) > private.now()
    ) then
        perform private.refuse(
            'PT409', 'capacity_in_use', 'More places than that are already booked.',
            'Move or cancel those bookings first.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_keep_booked_places
before update of capacity on catalog.resources
for each row
when (new.capacity < old.capacity)
execute function scheduling.resources__keep_booked_places();

/*
 * Refuse to change the currency of a service that was booked: prices in two currencies could not be
 * told apart later.
 * Definer: a manager of the service may not see every booking.
 *
 * Errors:  PT409 currency_in_use
 */
create function scheduling.services__keep_currency()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from scheduling.booking_items
        where
            booking_items.business_id = new.business_id
            and booking_items.service_id = new.id
    ) then
        perform private.refuse(
            'PT409', 'currency_in_use', 'The currency of a service with bookings cannot change.',
            'Archive the service and create another one in the new currency.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_keep_currency
before update of currency on catalog.services
for each row
when (new.currency <> old.currency)
execute function scheduling.services__keep_currency();

/*
 * Refuse to delete what bookings refer to, so that they can always be read. It can be archived or
 * switched off.
 *
 * Errors:  PT409 in_use
 */
create function scheduling.any__keep_booked()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from scheduling.booking_items
        where
            booking_items.business_id = old.business_id
            and (booking_items.service_id = old.id or booking_items.resource_id = old.id)
    ) or exists (
        select 1
        from scheduling.allocations
        where allocations.business_id = old.business_id and allocations.resource_id = old.id
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'It still has bookings.',
            'Set archived_at of a service or is_active of a resource instead of deleting it.'
        );
    end if;
    return old;
end;
$$;

create trigger _100_keep_booked
before delete on catalog.services
for each row execute function scheduling.any__keep_booked();

create trigger _100_keep_booked
before delete on catalog.resources
for each row execute function scheduling.any__keep_booked();
