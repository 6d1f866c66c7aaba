-- The capacity of a session never falls below the seats that are taken.

/*
 * Refuse a capacity that removes taken seats. The constraint seats_exist holds the same; this
 * answers in the API's words.
 *
 * Errors:  PT409 capacity_in_use
 */
create function scheduling.sessions__keep_taken_seats()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform scheduling.expire_holds(
        array(
            select distinct seats.booking_id
            from scheduling.seats
            where seats.session_id = new.id and seats.is_blocking and seats.expires_at <= private.now()
        )
    );
    if exists (
        select 1
        from scheduling.seats
        where seats.session_id = new.id and seats.is_blocking and seats.number > new.capacity
    ) then
        perform private.refuse(
            'PT409', 'capacity_in_use', 'More seats than that are already booked.',
            'Move or cancel those bookings first.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_keep_taken_seats
before update of capacity on scheduling.sessions
for each row
when (new.capacity < old.capacity)
execute function scheduling.sessions__keep_taken_seats();
