-- Who may hear a topic of Realtime. The platform's topics are booking:{id}, order:{id},
-- business:{id} and user:{id}; whoever may read the row may hear of it.

/*
 * Make the partitions of the coming days for messages, delete messages that are older than 72
 * hours, and end the slot of a server that has not run for long. Supabase does so by itself; on our
 * own server the workers call this.
 * Definer: called by the workers, who have no access to either.
 */
create function private.keep_realtime()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if to_regprocedure('_realtime.keep_partitions()') is not null then
        execute 'select _realtime.keep_partitions(), _realtime.drop_abandoned_slot()';
    end if;
end;
$$;

/*
 * Is this one of the topics on which the platform broadcasts?
 */
create function private.is_own_topic(topic text)
returns boolean
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select topic ~ '^(booking|order|business|user):';
end;

/*
 * May the caller hear what the platform broadcasts on a topic? The policies of bookings and orders
 * answer for theirs; a business is heard by its members, and a user by nobody else.
 */
create function private.may_hear(topic text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_parts constant text[] = regexp_match(
        topic,
        '^(booking|order|business|user):([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$'
    );
    v_id constant uuid = v_parts[2];
begin
    return case v_parts[1]
        when 'booking' then exists (
            select 1 from scheduling.bookings where bookings.id = v_id
        )
        when 'order' then exists (select 1 from commerce.orders where orders.id = v_id)
        when 'business' then v_id in (select private.my_businesses('view'))
        when 'user' then v_id = auth.uid()
        else false
    end;
end;
$$;
