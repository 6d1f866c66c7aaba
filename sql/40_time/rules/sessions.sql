-- What holds for sessions and seats on every path.

create trigger _010_refuse_bad_input
before insert or update on scheduling.sessions
for each row execute function business.any__refuse_bad_input('manage');

/*
 * Refuse to delete a session that is booked. Seats of cancelled bookings are deleted with it.
 * Definer: nobody has a delete grant on seats.
 *
 * Errors:  PT409 in_use
 */
create function scheduling.sessions__keep_booked()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from scheduling.seats
        inner join scheduling.bookings on bookings.id = seats.booking_id
        where
            seats.session_id = old.id
            and bookings.status not in ('cancelled', 'rejected', 'expired')
            and (seats.expires_at is null or seats.expires_at > private.now())
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'It still has bookings.', 'Move or cancel those bookings first.'
        );
    end if;
    delete from scheduling.seats
    where seats.business_id = old.business_id and seats.session_id = old.id;
    return old;
end;
$$;

create trigger _100_keep_booked
before delete on scheduling.sessions
for each row execute function scheduling.sessions__keep_booked();

/*
 * Refuse to change the length of a class, or to make it an ordinary service, while sessions lie
 * ahead: they were made for that length.
 *
 * Errors:  PT409 in_use
 */
create function scheduling.services__keep_sessions()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from scheduling.sessions
        where
            sessions.business_id = new.business_id
            and sessions.service_id = new.id
            and sessions.starts_at > private.now()
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'This class has upcoming sessions.',
            'Delete them first, or create another service.'
        );
    end if;
    return new;
end;
$$;

create trigger _110_keep_sessions
before update of duration_minutes, is_class on catalog.services
for each row
when (
    old.is_class
    and (new.duration_minutes <> old.duration_minutes or not new.is_class)
)
execute function scheduling.services__keep_sessions();
