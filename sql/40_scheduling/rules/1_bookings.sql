-- What holds for bookings on every path, the table owner's included.

/*
 * Only steps that exist, only by whom they are for, only when what guards them is so.
 *
 * Errors:  PT403 forbidden · PT409 invalid_transition · PT422 too_soon
 */
create function scheduling.bookings__refuse_illegal_steps()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_step scheduling.booking_transitions;
begin
    select booking_transitions.* into v_step
    from scheduling.booking_transitions
    where
        booking_transitions.from_status = old.status
        and booking_transitions.to_status = new.status;
    if not found then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('A booking that is %s cannot become %s.', old.status, new.status),
            'Read the booking again and see what it allows.'
        );
    end if;
    -- A hold that runs out is released by whoever comes next, a rival included.
    if new.status <> 'expired'
        and not (v_step.actors || 'system'::scheduling.actor_kind) && scheduling.actors(old) then
        perform private.refuse(
            'PT403', 'forbidden', 'This step is not yours to take.', 'Ask the business to take it.'
        );
    end if;
    if v_step.guard = 'after_start' and private.now() < new.starts_at then
        perform private.refuse(
            'PT422', 'too_soon', 'Nobody is late before the start.', 'Wait for the start.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_illegal_steps
before update of status on scheduling.bookings
for each row
when (old.status is distinct from new.status)
execute function scheduling.bookings__refuse_illegal_steps();

create trigger _900_touch
before update on scheduling.bookings
for each row execute function private.any__touch();

/*
 * A step that costs something says how much, on every path: a customer who cancels, and nobody who
 * comes. A business that cancels charges nothing; a no-show that is put right costs nothing either.
 */
create function scheduling.bookings__charge_fee()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if new.status = 'cancelled' and (scheduling.actors(old))[1] = 'customer' then
        update scheduling.booking_items
        set cancellation_fee_minor = lines.fee_minor
        from scheduling.fee_lines(old, scheduling.cancellation_terms(old, private.now())) as lines
        where booking_items.id = lines.booking_item_id;
        select coalesce(sum(booking_items.cancellation_fee_minor), 0) into new.cancellation_fee_minor
        from scheduling.booking_items
        where booking_items.business_id = new.business_id and booking_items.booking_id = new.id;
    end if;
    new.no_show_fee_minor = case
        when new.status = 'no_show' then (
            select coalesce(sum(lines.fee_minor), 0)
            from scheduling.fee_lines(old, scheduling.terms_of(old.policy, 'no_show')) as lines
            where not lines.is_cancelled
        )
        else 0
    end;
    return new;
end;
$$;

create trigger _110_charge_fee
before update of status on scheduling.bookings
for each row
when (
    old.status is distinct from new.status
    and (new.status in ('cancelled', 'no_show') or old.status = 'no_show')
)
execute function scheduling.bookings__charge_fee();

/*
 * The time that a booking takes follows its status: it is given back, or taken for good, or, for a
 * request that did not block, taken now, if it is still free.
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
        perform scheduling.release_expired(
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

/*
 * Every step is written down: who, when, why, from where to where.
 */
create function scheduling.bookings__write_history()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_actors scheduling.actor_kind[] = scheduling.actors(new);
begin
    insert into scheduling.booking_history (
        business_id, booking_id, from_status, to_status, from_starts_at, to_starts_at,
        actor, actor_id, reason, at, fee_minor
    )
    values (
        new.business_id,
        new.id,
        case when tg_op = 'UPDATE' then old.status end,
        new.status,
        case when tg_op = 'UPDATE' then old.starts_at end,
        new.starts_at,
        case
            -- A guest who books: the address is theirs to prove before the hold runs out.
            when tg_op = 'INSERT' and v_actors = '{}' and new.customer_email is not null
                and new.customer_id is null then 'customer'
            when new.status = 'expired' or v_actors = '{}' then 'system'
            when tg_op = 'INSERT' and 'customer' = any(v_actors) then 'customer'
            else v_actors[1]
        end,
        case when new.status <> 'expired' then auth.uid() end,
        new.status_reason,
        private.now(),
        case
            when tg_op = 'INSERT' then 0
            when old.status = new.status or old.starts_at <> new.starts_at then
                new.reschedule_fee_minor - old.reschedule_fee_minor
            else
                new.cancellation_fee_minor + new.no_show_fee_minor
                - old.cancellation_fee_minor - old.no_show_fee_minor
        end
    );
    return null;
end;
$$;

create trigger _300_write_history
after insert on scheduling.bookings
for each row execute function scheduling.bookings__write_history();

create trigger _310_write_history
after update of status, starts_at on scheduling.bookings
for each row
when (old.status is distinct from new.status or old.starts_at is distinct from new.starts_at)
execute function scheduling.bookings__write_history();

/*
 * What a booking does by itself next: a hold expires, a request lapses when its time has come.
 * Moving on by any other step calls it off.
 */
create function scheduling.bookings__schedule_next_step()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if tg_op = 'UPDATE' then
        delete from scheduling.scheduled_transitions
        where scheduled_transitions.booking_id = new.id;
    end if;
    insert into scheduling.scheduled_transitions (
        booking_id, business_id, from_status, to_status, due_at
    )
    select
        new.id,
        new.business_id,
        booking_transitions.from_status,
        booking_transitions.to_status,
        moments.due_at
    from scheduling.booking_transitions
    cross join lateral (
        select
            case booking_transitions.due
                when 'starts_at' then new.starts_at
                else new.hold_expires_at
            end as due_at
    ) as moments
    where
        booking_transitions.from_status = new.status
        and booking_transitions.due is not null
        and moments.due_at is not null;
    return null;
end;
$$;

create trigger _400_schedule_next_step
after insert on scheduling.bookings
for each row
when (new.status in ('held', 'pending_payment', 'pending'))
execute function scheduling.bookings__schedule_next_step();

create trigger _410_schedule_next_step
after update of status, starts_at, hold_expires_at on scheduling.bookings
for each row
when (
    old.status in ('held', 'pending_payment', 'pending')
    or new.status in ('held', 'pending_payment', 'pending')
)
execute function scheduling.bookings__schedule_next_step();

/*
 * What happened to a booking is announced in the transaction in which it happened, under
 * booking.requested, .confirmed, .moved, .cancelled and so on: `reassigned` where somebody else
 * gives an item, `moved` where only the time changed, `requested` where a booking begins to wait
 * for the business, `released` where a hold ran out, else the new status. `is_repeated`: the same
 * was said of an earlier occurrence of its series.
 */
create function scheduling.booking_history__announce()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'booking.' || case
            when new.booking_item_id is not null then 'item_cancelled'
            when coalesce(new.from_resource_id, new.to_resource_id) is not null then 'reassigned'
            when new.to_status = new.from_status then 'moved'
            when new.to_status = 'pending' then 'requested'
            when new.to_status = 'expired' and new.from_status <> 'pending' then 'released'
            else new.to_status::text
        end,
        jsonb_build_object(
            'booking_id', new.booking_id,
            'business_id', new.business_id,
            'from_status', new.from_status,
            'to_status', new.to_status,
            'from_starts_at', new.from_starts_at,
            'to_starts_at', new.to_starts_at,
            'actor', new.actor,
            'reason', new.reason,
            'fee_minor', new.fee_minor,
            'booking_item_id', new.booking_item_id,
            'is_repeated', current_setting('frontdesk.is_repeated', true) = 'yes'
        )
        || case
            when coalesce(new.from_resource_id, new.to_resource_id) is null then '{}'
            else jsonb_build_object(
                'from_resource_id', new.from_resource_id, 'to_resource_id', new.to_resource_id
            )
        end
    );
    return null;
end;
$$;

/*
 * A service that is cancelled by itself is a step of its booking.
 */
create function scheduling.booking_items__write_history()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into scheduling.booking_history (
        business_id, booking_id, booking_item_id, from_status, to_status, from_starts_at,
        to_starts_at, actor, actor_id, reason, at, fee_minor
    )
    select
        bookings.business_id,
        bookings.id,
        new.id,
        bookings.status,
        bookings.status,
        bookings.starts_at,
        bookings.starts_at,
        coalesce((scheduling.actors(bookings))[1], 'system'),
        auth.uid(),
        bookings.status_reason,
        private.now(),
        new.cancellation_fee_minor
    from scheduling.bookings
    where bookings.id = new.booking_id;
    return null;
end;
$$;

create trigger _300_write_history
after update of cancelled_at on scheduling.booking_items
for each row
when (old.cancelled_at is null and new.cancelled_at is not null)
execute function scheduling.booking_items__write_history();

create trigger _500_announce
after insert on scheduling.booking_history
for each row execute function scheduling.booking_history__announce();

create trigger _100_refuse_rewriting
before update or delete on scheduling.booking_history
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_rewriting
before truncate on scheduling.booking_history
for each statement execute function private.any__refuse_rewriting();

create trigger _010_refuse_bad_input
before insert or update on scheduling.booking_notes
for each row execute function private.any__refuse_bad_input('serve');

/*
 * An allocation is of a resource that gives the service of its item or session, and of a place that
 * the resource has. For every path: scheduling.offers asks the same before.
 *
 * Errors:  PT422 not_eligible
 */
create function scheduling.allocations__refuse_ineligible()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from catalog.service_resources
        inner join catalog.resources on resources.id = service_resources.resource_id
        where
            service_resources.service_id = coalesce(
                (
                    select booking_items.service_id
                    from scheduling.booking_items
                    where booking_items.id = new.booking_item_id
                ),
                (select sessions.service_id from scheduling.sessions where sessions.id = new.session_id)
            )
            and service_resources.resource_id = new.resource_id
            and resources.capacity >= new.unit
    ) then
        perform private.refuse(
            'PT422', 'not_eligible', 'That resource does not give this service, or has no such place.',
            'Read service_resources for those that do.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_ineligible
before insert or update of resource_id, unit on scheduling.allocations
for each row execute function scheduling.allocations__refuse_ineligible();

/*
 * What bookings point at stays, so that they can always be read: it is archived or switched off.
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
            'PT409', 'in_use', 'There are bookings of it.',
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
