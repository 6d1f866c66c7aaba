-- Who may act on a booking, and how it is locked: the resources first and the booking second, in
-- the order in which bookings are placed. What was read before the lock is read again under it.

/*
 * Return the roles in which the caller may act on what a business sold: the business, its customer,
 * or the system, the most specific first.
 */
create function scheduling.actors_for(business_id uuid, is_customer boolean)
returns scheduling.actor_kind[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array_remove(array[
        case
            when actors_for.business_id in (select private.my_businesses('serve')) then 'business'
        end::scheduling.actor_kind,
        case when is_customer then 'customer' end::scheduling.actor_kind,
        case
            when private.is_operator() or session_user in ('worker', 'edge') then 'system'
        end::scheduling.actor_kind
    ], null);
end;
$$;

/*
 * Return the roles in which the caller may act on a booking: its business, its customer (also a
 * guest who sent the right code), or the system.
 * Definer: called in triggers of rows that the caller may change but not read.
 */
create function scheduling.actors(booking scheduling.bookings)
returns scheduling.actor_kind[]
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return scheduling.actors_for(
        booking.business_id,
        booking.customer_id = auth.uid()
        or booking.customer_id is null and scheduling.is_proven(booking.id)
    );
end;
$$;

/*
 * Lock a booking with its resources for a caller who may act on it. Returns the booking as it is
 * now.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 changed_meanwhile
 */
create function scheduling.lock_booking(booking_id uuid, as_actors scheduling.actor_kind[])
returns scheduling.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_locked record = scheduling.lock_booking_row(booking_id, as_actors);
begin
    perform scheduling.refuse_changed(v_locked.has_changed);
    return v_locked.booking;
end;
$$;

/*
 * Lock a booking as scheduling.lock_booking does, together with other resources. Returns it, and
 * whether somebody changed what it takes while this call waited: then nothing but an answer that
 * changes nothing may follow.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function scheduling.lock_booking_row(
    booking_id uuid,
    as_actors scheduling.actor_kind[],
    other_ids uuid[] default '{}',
    out booking scheduling.bookings,
    out has_changed boolean
)
returns record
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_resource_ids uuid[] = scheduling.resources_of(booking_id);
begin
    if not private.is_operator() and not scheduling.is_proven(booking_id) then
        perform private.current_user_id();
    end if;
    perform private.lock(v_resource_ids || other_ids);
    select bookings.* into booking
    from scheduling.bookings
    where bookings.id = booking_id
    for update;
    perform scheduling.refuse_actors(booking, as_actors);
    has_changed = scheduling.resources_of(booking_id) <> v_resource_ids;
end;
$$;

/*
 * Refuse a caller who may not act on a booking in one of some roles. A booking that is not theirs
 * to see does not exist for them.
 *
 * Errors:  PT403 forbidden · PT404 not_found
 */
create function scheduling.refuse_actors(
    booking scheduling.bookings, as_actors scheduling.actor_kind[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_actors scheduling.actor_kind[] = scheduling.actors(booking);
begin
    if booking.id is null
        or v_actors = '{}'
        and booking.business_id not in (select private.my_businesses('view')) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such booking.',
            'Check the id in the view bookings.'
        );
    end if;
    if not v_actors && (as_actors || 'system'::scheduling.actor_kind) then
        perform private.refuse(
            'PT403', 'forbidden', 'You can see this booking, but you are not allowed to do this.',
            'Ask the business to do it.'
        );
    end if;
end;
$$;

/*
 * Refuse a call that worked with what a booking no longer takes.
 *
 * Errors:  PT409 changed_meanwhile
 */
create function scheduling.refuse_changed(has_changed boolean)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if has_changed then
        perform private.refuse(
            'PT409', 'changed_meanwhile', 'Somebody just changed this booking.',
            'Read the booking again, then decide.'
        );
    end if;
end;
$$;
