-- What holds for the steps of bookings on every path, the table owner's included.

/*
 * Refuse transitions that do not exist, that the caller may not make, or whose condition is not
 * met.
 *
 * Errors:  PT403 forbidden · PT409 invalid_transition payment_required · PT422 too_soon
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
            'Read the booking again and check its status.'
        );
    end if;
    -- Whoever wants the time next expires a hold that ran out, also a rival.
    if new.status <> 'expired'
        and not (v_step.actors || 'system'::scheduling.actor_kind) && scheduling.actors(old) then
        perform private.refuse(
            'PT403', 'forbidden', 'You are not allowed to take this step.',
            'Ask the business to take it.'
        );
    end if;
    if v_step.guard is not null then
        perform case v_step.guard
            when 'paid' then scheduling.refuse_unpaid(new)
            else scheduling.refuse_early_step(new, v_step.guard)
        end;
    end if;
    return new;
end;
$$;

/*
 * Refuse to confirm a booking whose prepayment is neither paid nor reserved.
 *
 * Errors:  PT409 payment_required
 */
create function scheduling.refuse_unpaid(booking scheduling.bookings)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not scheduling.is_prepaid(booking) then
        perform private.refuse(
            'PT409', 'payment_required', 'This booking must be paid before it is confirmed.',
            'Pay it with start_payment, or record cash with record_cash_payment.'
        );
    end if;
end;
$$;

/*
 * Refuse a step before its condition is met: the start or, for a check-in, as long before it as
 * the first service says.
 *
 * Errors:  PT422 too_soon
 */
create function scheduling.refuse_early_step(
    booking scheduling.bookings, guard scheduling.transition_guard
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_opens_at timestamptz = booking.starts_at - case guard
        when 'check_in_open' then (
            select make_interval(mins => services.check_in_minutes)
            from scheduling.booking_items
            inner join catalog.services on services.id = booking_items.service_id
            where
                booking_items.business_id = booking.business_id
                and booking_items.booking_id = booking.id
                and booking_items.cancelled_at is null
            order by booking_items.position
            limit 1
        )
        else interval '0'
    end;
begin
    if private.now() >= v_opens_at then
        return;
    end if;
    if guard = 'check_in_open' then
        perform private.refuse(
            'PT422', 'too_soon', 'Check-in is not open yet.',
            format(
                'It opens at %s.', to_char(v_opens_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"')
            )
        );
    end if;
    perform private.refuse(
        'PT422', 'too_soon', 'This is not possible before the start.', 'Wait for the start.'
    );
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
 * Charge the fee of a step: a cancellation by the customer, or a no-show. A cancellation by the
 * business is free, and so is a no-show that is corrected.
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
 * Schedule the next transition that happens by itself: a hold expires, a request lapses at its
 * start. Any other step removes it.
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

create trigger _010_refuse_bad_input
before insert or update on scheduling.booking_notes
for each row execute function business.any__refuse_bad_input('serve');
