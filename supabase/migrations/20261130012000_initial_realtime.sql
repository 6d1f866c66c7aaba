-- The initial schema of 80_realtime: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/80_realtime/functions.sql

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

-- sql/80_realtime/rules.sql

-- A notification in the app is announced when it is written, so that it can be shown at once.

/*
 * Announce new notifications as notification.created, without their text: whoever hears of it reads
 * the notification.
 */
create function engagement.notifications__announce()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'notification.created',
        jsonb_build_object(
            'notification_id', created.id,
            'user_id', created.user_id,
            'business_id', created.business_id,
            'event', created.event,
            'subject', created.subject,
            'subject_id', created.subject_id
        )
    )
    from created;
    return null;
end;
$$;

create trigger _500_announce
after insert on engagement.notifications
referencing new table as created
for each statement execute function engagement.notifications__announce();

-- sql/80_realtime/policies.sql

-- Realtime asks these policies when somebody joins a private topic (select) or sends to one
-- (insert). On the platform's own topics only the database broadcasts, and nobody's presence is
-- shown; that holds as well where an operator adds policies for topics of their own.
--
-- The table and its row-level security belong to the platform.

create policy messages_select
on realtime.messages
for select
to authenticated
using (extension = 'broadcast' and (select private.may_hear((select realtime.topic()))));

create policy messages_select_own_topics_only_by_right
on realtime.messages
as restrictive
for select
to authenticated
using (
    not (select private.is_own_topic((select realtime.topic())))
    or (extension = 'broadcast' and (select private.may_hear((select realtime.topic()))))
);

create policy messages_select_no_own_topics
on realtime.messages
as restrictive
for select
to anon
using (not (select private.is_own_topic((select realtime.topic()))));

create policy messages_insert_no_own_topics
on realtime.messages
as restrictive
for insert
to anon, authenticated
with check (not (select private.is_own_topic(topic)));

create policy messages_update_no_own_topics
on realtime.messages
as restrictive
for update
to anon, authenticated
using (not (select private.is_own_topic(topic)))
with check (not (select private.is_own_topic(topic)));

grant execute on function private.is_own_topic(text) to anon, authenticated, service_role;
grant execute on function private.may_hear(text) to authenticated, service_role;
grant execute on function private.keep_realtime() to worker;

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
