-- Whose resources share a calendar: a person switches it on and off, and members become resources
-- and leave. Bookings ahead that clash are refused, never hidden.

/*
 * Copy what takes a resource from now on when it begins to share the calendar of its person.
 */
create function scheduling.shared_resources__copy_busy_times()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
begin
    insert into scheduling.busy_times (
        business_id, resource_id, owner_id, unit, person_id, booking_id, during, expires_at
    )
    select
        allocations.business_id,
        allocations.resource_id,
        coalesce(allocations.booking_item_id, allocations.session_id),
        allocations.unit,
        new.person_id,
        allocations.booking_id,
        allocations.during,
        allocations.expires_at
    from scheduling.allocations
    where
        allocations.resource_id = new.resource_id
        and allocations.during && tstzrange(v_now, null)
        and allocations.is_blocking
        and (allocations.expires_at is null or allocations.expires_at > v_now);
    return null;
end;
$$;

create trigger _500_copy_busy_times
after insert on scheduling.shared_resources
for each row execute function scheduling.shared_resources__copy_busy_times();

/*
 * Begin or end the one calendar of a person when they switch it. What was read before the locks is
 * read again under them.
 * Definer: nobody has access to shared resources.
 *
 * Errors:  PT409 double_booked changed_meanwhile
 */
create function scheduling.profiles__share_calendar()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_ids uuid[] = scheduling.resources_of_person(new.id);
begin
    perform private.lock(v_ids || new.id);
    if scheduling.resources_of_person(new.id) <> v_ids then
        perform private.refuse(
            'PT409', 'changed_meanwhile', 'The businesses in which you work just changed.',
            'Try again.'
        );
    end if;
    delete from scheduling.shared_resources
    where shared_resources.person_id = new.id;
    if new.has_one_calendar then
        insert into scheduling.shared_resources (resource_id, business_id, person_id)
        select
            resources.id,
            resources.business_id,
            new.id
        from catalog.resources
        where resources.id = any(v_ids);
    end if;
    return null;
exception
    when exclusion_violation then
        perform private.refuse(
            'PT409', 'double_booked', 'Two businesses have booked you at the same time.',
            'Read them with my_double_bookings, then let one of each be moved or cancelled.'
        );
        return null;
end;
$$;

create trigger _500_share_calendar
after update of has_one_calendar on identity.profiles
for each row
when (old.has_one_calendar <> new.has_one_calendar)
execute function scheduling.profiles__share_calendar();

/*
 * Begin or end sharing when a resource becomes somebody, or is nobody any more. The row of the
 * resource is locked already, so nothing here waits for another lock.
 * Definer: as scheduling.profiles__share_calendar.
 *
 * Errors:  PT409 double_booked changed_meanwhile
 */
create function scheduling.resources__share_calendar()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_person_id uuid = (
        select business_members.user_id
        from business.business_members
        where business_members.id = new.member_id
    );
begin
    delete from scheduling.shared_resources
    where shared_resources.resource_id = new.id;
    if v_person_id is null then
        return null;
    end if;
    if not private.try_lock(array[v_person_id]) or exists (
        select 1
        from identity.profiles
        where profiles.id = v_person_id and profiles.has_one_calendar
    ) and not private.try_lock(array[new.id]) then
        perform private.refuse(
            'PT409', 'changed_meanwhile', 'This person is being booked at the moment.', 'Try again.'
        );
    end if;
    insert into scheduling.shared_resources (resource_id, business_id, person_id)
    select
        new.id,
        new.business_id,
        profiles.id
    from identity.profiles
    where profiles.id = v_person_id and profiles.has_one_calendar;
    return null;
exception
    when exclusion_violation then
        perform private.refuse(
            'PT409', 'double_booked',
            'This person cannot take all bookings that this resource has.',
            'Move or cancel its upcoming bookings, or choose another member.'
        );
        return null;
end;
$$;

create trigger _500_share_calendar
after insert on catalog.resources
for each row
when (new.member_id is not null)
execute function scheduling.resources__share_calendar();

create trigger _500_share_calendar_when_changed
after update of member_id on catalog.resources
for each row
when (old.member_id is distinct from new.member_id)
execute function scheduling.resources__share_calendar();
