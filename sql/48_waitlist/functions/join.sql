-- How a customer joins the waitlist. Joining refuses what can never be offered (hopeless.sql), and
-- what anybody can book now.

/*
 * Wait for a service. The same call again returns the same entry.
 * Definer: nobody has an insert grant on entries.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 not_bookable already_waiting available_now
 *          PT422 not_eligible limit_reached too_soon too_far outside_hours
 */
create function scheduling.join_waitlist(
    service_id uuid, during tstzrange, resource_id uuid, party_size integer
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_customer_id uuid = private.current_user_id();
    v_service catalog.services = scheduling.visible_service(join_waitlist.service_id);
    v_id uuid = gen_random_uuid();
begin
    perform scheduling.refuse_hopeless(
        v_service, join_waitlist.during, join_waitlist.resource_id, join_waitlist.party_size
    );
    -- One at a time: two inserts that meet in the constraint would wait for each other.
    perform private.lock(array[v_customer_id]);
    perform scheduling.refuse_many_entries(v_customer_id);
    insert into scheduling.waitlist_entries (
        id, business_id, service_id, resource_id, customer_id, during, party_size, created_at
    )
    values (
        v_id, v_service.business_id, v_service.id, join_waitlist.resource_id, v_customer_id,
        join_waitlist.during, join_waitlist.party_size, private.now()
    );
    perform scheduling.refuse_available(
        v_service, join_waitlist.during, join_waitlist.resource_id, join_waitlist.party_size
    );
    return v_id;
exception
    when exclusion_violation then
        select waitlist_entries.id into v_id
        from scheduling.waitlist_entries
        where
            waitlist_entries.customer_id = v_customer_id
            and waitlist_entries.service_id = v_service.id
            and waitlist_entries.resource_id is not distinct from join_waitlist.resource_id
            and waitlist_entries.during = join_waitlist.during
            and waitlist_entries.party_size = join_waitlist.party_size
            and waitlist_entries.status = 'waiting';
        if found then
            return v_id;
        end if;
        perform private.refuse(
            'PT409', 'already_waiting', 'You are already on this waitlist.',
            'Leave the waitlist first to wait for another time.'
        );
        return null;
end;
$$;

/*
 * Refuse more than fifty entries of one customer.
 *
 * Errors:  PT422 limit_reached
 */
create function scheduling.refuse_many_entries(customer_id uuid)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if (
        select count(*)
        from scheduling.waitlist_entries
        where
            waitlist_entries.customer_id = refuse_many_entries.customer_id
            and waitlist_entries.status = 'waiting'
            and upper(waitlist_entries.during) > private.now()
    ) >= 50 then
        perform private.refuse(
            'PT422', 'limit_reached', 'You are already on fifty waitlists.',
            'Leave one of them first.'
        );
    end if;
end;
$$;

/*
 * Refuse to wait for a time that can be booked.
 *
 * Errors:  PT409 available_now
 */
create function scheduling.refuse_available(
    service catalog.services, during tstzrange, resource_id uuid, party_size integer
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_start timestamptz = (
        select min(vacancy.at)
        from scheduling.vacancies(
            service.id,
            refuse_available.during::tstzmultirange,
            refuse_available.resource_id,
            refuse_available.party_size,
            service.duration_minutes
        ) as vacancy
    );
begin
    if v_start is not null then
        perform private.refuse(
            'PT409', 'available_now',
            format(
                'There is a free time in that window: %s.',
                to_char(v_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"')
            ),
            'Book it, or wait for a window without it.'
        );
    end if;
end;
$$;
