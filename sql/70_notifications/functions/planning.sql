-- From events to the deliveries that tell of them. Many messages are planned together, each step by
-- one statement for all of them, in one transaction that may run any number of times: deliveries
-- that exist are not written again. The domain of an event's subject knows what a message says and
-- who reads it.

/*
 * Plan the deliveries of messages `[{message_id, topic, payload}]`: one for each reader of each
 * notice of an event, on each of the notice's channels. A repeated call makes none, and neither
 * does a topic that is not an event. Returns `{busy, in_app}`: the messages to plan again, because
 * somebody is changing their rows right now; and what engagement.show_in_app must be told in the
 * same transaction, once it is rendered.
 * Definer: called by the workers, who have no access to the tables.
 */
create function engagement.plan(messages jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_read constant engagement.announcement array = array(
        select announcements from engagement.read_announcements(messages) as announcements
    );
    v_claims constant private.subject_claim array = array(
        select claims from engagement.claim_announcements(v_read) as claims
    );
    v_known constant engagement.announcement array = array(
        select announcements from engagement.with_data(v_read) as announcements
    );
    v_planned constant engagement.announcement array = array(
        select known
        from unnest(v_known) as known
        inner join unnest(v_claims) as claims on claims.ordinal = known.ordinal
    );
begin
    perform engagement.plan_reminders(v_planned);
    return jsonb_build_object(
        'busy', array(
            select known.message_id
            from unnest(v_known) as known
            where known.ordinal not in (select claims.ordinal from unnest(v_claims) as claims)
        ),
        'in_app', engagement.plan_deliveries(array(
            select planned
            from unnest(v_planned) as planned
            inner join unnest(v_claims) as claims on claims.ordinal = planned.ordinal
            inner join engagement.announcements_that_hold(v_planned) as holding
                on holding = planned.ordinal
            where claims.is_told
        ))
    );
end;
$$;

/*
 * Read messages that announce events; others are left out. Each names a row of its subject.
 */
create function engagement.read_announcements(messages jsonb)
returns setof engagement.announcement
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        entries.ordinal::integer,
        (entries.value ->> 'message_id')::uuid,
        events.name,
        events.subject,
        (entries.value -> 'payload' ->> subjects.id_key)::uuid,
        entries.value -> 'payload',
        null::jsonb
    from jsonb_array_elements(messages) with ordinality as entries (value, ordinal)
    inner join engagement.events on events.name = entries.value ->> 'topic'
    inner join private.subjects on subjects.name = events.subject;
end;
$$;

/*
 * Return, for each subject, the announcements as its functions get them.
 */
create function engagement.by_subject(announcements engagement.announcement[])
returns table (subject text, messages private.subject_message array)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        every.subject,
        array_agg(
            row(every.ordinal, every.subject_id, every.payload)::private.subject_message
            order by every.ordinal
        )
    from unnest(announcements) as every
    group by every.subject;
end;
$$;

/*
 * Claim the rows of announcements, so that they stay while these are planned, and return of which
 * people must be told.
 */
create function engagement.claim_announcements(announcements engagement.announcement[])
returns setof private.subject_claim
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return query
    select claims.*
    from engagement.by_subject(announcements) as about
    cross join lateral private.claim_subjects(about.subject, about.messages) as claims;
end;
$$;

/*
 * Return announcements with what they may say. One whose row does not exist is left out.
 */
create function engagement.with_data(announcements engagement.announcement[])
returns setof engagement.announcement
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    -- Materialized: the domain's function runs once, whatever the join.
    with facts as materialized (
        select said.ordinal, said.data
        from engagement.by_subject(announcements) as about
        cross join lateral private.subject_data(about.subject, about.messages) as said
    )

    select
        every.ordinal,
        every.message_id,
        every.event,
        every.subject,
        every.subject_id,
        every.payload,
        facts.data
    from unnest(announcements) as every
    inner join facts on facts.ordinal = every.ordinal
    where facts.data is not null;
end;
$$;

/*
 * Return the announcements whose rows are in the condition that the event requires, and still start
 * at the instant that the message names.
 */
create function engagement.announcements_that_hold(announcements engagement.announcement[])
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
                    every.ordinal,
                    every.subject_id,
                    events.condition,
                    (every.payload ->> 'to_starts_at')::timestamptz
                )::private.subject_state
            ) as states
        from unnest(announcements) as every
        inner join engagement.events on events.name = every.event
        group by every.subject
    ) as about
    cross join lateral private.subjects_that_hold(about.subject, about.states)
        as holding (ordinal);
end;
$$;
