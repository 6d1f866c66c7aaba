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
