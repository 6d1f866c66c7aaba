-- Every step of a booking is recorded and announced in the transaction that makes it, and nobody
-- changes the record.

/*
 * Record a step of a booking: who, when, why, and what changed.
 */
create function scheduling.bookings__record_step()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    -- Most bookings are made by their customer, and the members of the business need no look.
    v_actors scheduling.actor_kind[] = case
        when tg_op = 'INSERT' and new.customer_id = auth.uid() then '{customer}'
        else scheduling.actors(new)
    end;
begin
    insert into scheduling.booking_history (
        business_id, booking_id, from_status, to_status, from_starts_at, to_starts_at,
        actor, actor_id, reason, at, fee_minor, is_repeated, overridden
    )
    values (
        new.business_id,
        new.id,
        case when tg_op = 'UPDATE' then old.status end,
        new.status,
        case when tg_op = 'UPDATE' then old.starts_at end,
        new.starts_at,
        case
            -- A guest who books proves their address before the hold runs out.
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
        end,
        new.repeated_step_count > case when tg_op = 'UPDATE' then old.repeated_step_count else 0 end,
        case when tg_op = 'INSERT' then new.overridden else '{}' end
    );
    return null;
end;
$$;

create trigger _300_record_step
after insert on scheduling.bookings
for each row execute function scheduling.bookings__record_step();

create trigger _310_record_step
after update of status, starts_at on scheduling.bookings
for each row
when (old.status is distinct from new.status or old.starts_at is distinct from new.starts_at)
execute function scheduling.bookings__record_step();

/*
 * Announce a step of a booking as booking.requested, .confirmed, .moved, .cancelled and so on:
 * `reassigned` if another resource provides an item, `moved` if only the time changed, `requested`
 * if the booking begins to wait for the business, `released` if a hold ran out, otherwise the new
 * status. `is_repeated`: the same step of an earlier booking of the series is announced as well.
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
            'is_repeated', new.is_repeated
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
 * Record that one service of a booking was cancelled on its own.
 */
create function scheduling.booking_items__record_step()
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

create trigger _300_record_step
after update of cancelled_at on scheduling.booking_items
for each row
when (old.cancelled_at is null and new.cancelled_at is not null)
execute function scheduling.booking_items__record_step();

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
