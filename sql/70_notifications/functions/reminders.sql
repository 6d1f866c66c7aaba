-- People are reminded of a row before it starts. A reminder is a message that waits in its queue
-- until it is due, and is checked again then.

/*
 * Queue the reminders of the rows that are announced, each for its time, when a row is in the
 * condition that they require. Reminders whose time has passed are left out.
 */
create function engagement.plan_reminders(announcements engagement.announcement[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_possible constant engagement.reminder_plan array = array(
        select possible from engagement.possible_reminders(announcements) as possible
    );
    v_topics text array;
    v_payloads jsonb array;
    v_due_ats timestamptz array;
begin
    with planned as (
        insert into engagement.reminders (
            business_id, subject, subject_id, event, starts_at, due_at
        )
        select
            possible.business_id,
            possible.subject,
            possible.subject_id,
            possible.event,
            possible.starts_at,
            possible.due_at
        from unnest(v_possible) as possible
        inner join engagement.reminders_that_hold(v_possible) as holding
            on holding = possible.ordinal
        order by possible.subject_id, possible.event
        on conflict do nothing
        returning reminders.*
    )

    select
        array_agg(planned.event),
        array_agg(
            private.subject_payload(planned.subject, planned.subject_id) || jsonb_build_object(
                'business_id', planned.business_id,
                'to_starts_at', planned.starts_at
            )
        ),
        array_agg(planned.due_at)
    into v_topics, v_payloads, v_due_ats
    from planned;
    perform private.emit_all(v_topics, v_payloads, v_due_ats);
end;
$$;

/*
 * Return the reminders of the rows that are announced whose time is still to come.
 */
create function engagement.possible_reminders(announcements engagement.announcement[])
returns setof engagement.reminder_plan
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        row_number() over ()::integer,
        (every.data ->> 'business_id')::uuid,
        every.subject,
        every.subject_id,
        events.name,
        events.condition,
        starts.at,
        starts.at - reminder_kinds.before
    from unnest(announcements) as every
    cross join lateral (select (every.data ->> 'starts_at')::timestamptz) as starts (at)
    inner join engagement.events on events.subject = every.subject
    inner join engagement.reminder_kinds on reminder_kinds.event = events.name
    where starts.at - reminder_kinds.before > private.now();
end;
$$;

/*
 * Return the reminders whose rows are in the condition that they require.
 */
create function engagement.reminders_that_hold(reminders engagement.reminder_plan[])
returns setof integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select holding.ordinal
    from (
        select
            every.subject,
            array_agg(
                row(
                    every.ordinal, every.subject_id, every.condition, every.starts_at
                )::private.subject_state
            ) as states
        from unnest(reminders) as every
        group by every.subject
    ) as about
    cross join lateral private.subjects_that_hold(about.subject, about.states)
        as holding (ordinal);
end;
$$;
