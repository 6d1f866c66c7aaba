-- Holds that ran out are expired by whoever wants their time next, so nothing waits for a job.

/*
 * Expire the holds that ran out and still take time of some resources in a period, or of the people
 * whose one calendar they share.
 */
create function scheduling.release_expired_holds(resource_ids uuid[], during tstzrange)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
    v_ids uuid[] = array(
        select allocations.booking_id
        from unnest(release_expired_holds.resource_ids) as resources (id)
        inner join scheduling.allocations on allocations.resource_id = resources.id
        where
            allocations.during && release_expired_holds.during
            and allocations.is_blocking
            and allocations.expires_at <= v_now
        union
        select busy_times.booking_id
        from unnest(release_expired_holds.resource_ids) as resources (id)
        inner join scheduling.shared_resources on shared_resources.resource_id = resources.id
        inner join scheduling.busy_times on busy_times.person_id = shared_resources.person_id
        where
            busy_times.during && release_expired_holds.during
            and busy_times.expires_at <= v_now
    );
begin
    if v_ids <> '{}' then
        perform scheduling.expire_holds(v_ids);
    end if;
end;
$$;

/*
 * Expire those of some bookings whose hold ran out. It locks them in the order of their ids, as
 * every function that changes several bookings does, and expires one after another: a waitlist
 * passes the time of each on before anybody else can take it.
 */
create function scheduling.expire_holds(booking_ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
    v_id uuid;
begin
    if booking_ids = '{}' then
        return;
    end if;
    for v_id in
        select bookings.id
        from scheduling.bookings
        where
            bookings.id = any(expire_holds.booking_ids)
            and bookings.status in ('held', 'pending_payment')
            and bookings.hold_expires_at <= v_now
        order by bookings.id
        for update
    loop
        update scheduling.bookings
        set status = 'expired'
        where bookings.id = v_id and bookings.status in ('held', 'pending_payment');
    end loop;
end;
$$;
