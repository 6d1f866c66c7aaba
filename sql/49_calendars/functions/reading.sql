-- How workers read imported calendars. A worker calls start_import, reads the calendar, and calls
-- finish_import or fail_import. These functions decide what the events mean for a resource: they
-- find the zone of a local time, leave out our own bookings that come back, and change all blocked
-- periods of a calendar together.

/*
 * Begin to read a calendar. Returns what to read and for which period; null when the calendar is
 * deleted. Once a day a worker reads it in full even if it is unchanged, because the period moves
 * on. An earlier attempt that ended without an answer (a killed process) is recorded as a failure.
 * Definer: as catalog.request_due_imports.
 */
create function catalog.start_import(calendar_import_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_import catalog.calendar_imports;
    v_is_whole boolean;
begin
    update catalog.calendar_imports
    set
        attempts = attempts + 1,
        unanswered_since = coalesce(calendar_imports.unanswered_since, private.now())
    where calendar_imports.id = calendar_import_id
    returning calendar_imports.* into v_import;
    if v_import.id is null then
        return null;
    end if;
    if v_import.unanswered_since <= private.now() - interval '10 minutes' then
        perform catalog.note_failure(v_import.id, 'Reading it ended without an answer.');
    end if;
    v_is_whole = coalesce(v_import.expanded_at <= private.now() - interval '1 day', true);
    return jsonb_build_object(
        'attempt', v_import.attempts,
        'url', v_import.url,
        'content', v_import.content,
        'etag', case when not v_is_whole then v_import.etag end,
        'last_modified', case when not v_is_whole then v_import.last_modified end,
        'from_at', private.now() - interval '1 day',
        'to_at', private.now() + interval '400 days',
        'time_zone', catalog.zone_of_import(v_import)
    );
end;
$$;

/*
 * Return the zone of the resource that a calendar blocks.
 */
create function catalog.zone_of_import(calendar catalog.calendar_imports)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(resources.time_zone, businesses.time_zone)
        from catalog.resources
        inner join business.businesses on businesses.id = resources.business_id
        where resources.id = calendar.resource_id
    );
end;
$$;

/*
 * Return the time at which events make a resource busy. A time without an offset is in the
 * resource's zone. Bookings and classes of the same business do not count: one of our feeds that
 * comes back through another calendar would block what it shows, even after a cancellation.
 */
create function catalog.busy_time(calendar catalog.calendar_imports, events jsonb)
returns tstzmultirange
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_time_zone text = catalog.zone_of_import(calendar);
begin
    return (
        with given as (
            select
                substring(
                    event ->> 'uid',
                    '^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@frontdesk$'
                )::uuid as id,
                catalog.first_instant_of(event ->> 'starts', v_time_zone) as starts_at,
                catalog.instant_of(event ->> 'ends', v_time_zone) as ends_at
            from jsonb_array_elements(events) as event
        )

        select coalesce(range_agg(tstzrange(given.starts_at, given.ends_at)), '{}')
        from given
        where
            given.starts_at < given.ends_at
            and not exists (
                select 1
                from scheduling.bookings
                where
                    bookings.id = given.id
                    and bookings.business_id = calendar.business_id
            )
            and not exists (
                select 1
                from scheduling.sessions
                where
                    sessions.id = given.id
                    and sessions.business_id = calendar.business_id
            )
    );
end;
$$;

/*
 * Return the instant of a calendar's time. A text that ends in Z is UTC; any other is a local time.
 * When a local time occurs twice, it is the later instant.
 */
create function catalog.instant_of(value text, time_zone text)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case
        when value like '%Z' then value::timestamptz
        else value::timestamp at time zone time_zone
    end;
end;
$$;

/*
 * Return the instant of a calendar's time. When a local time occurs twice, it is the earlier
 * instant, because a day begins with its first midnight.
 */
create function catalog.first_instant_of(value text, time_zone text)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case
        when value like '%Z' then value::timestamptz
        else scheduling.first_instant(value::timestamp, time_zone)
    end;
end;
$$;

/*
 * Store what a worker read, and replace all blocked periods of the calendar at once. `read` is
 * {attempt, events: [{uid, starts, ends}], skipped_count, skipped, etag, last_modified}, or
 * {attempt} when nothing has changed. The function ignores the result
 * of an attempt when a later attempt has begun. Existing bookings stay.
 * Definer: as catalog.request_due_imports.
 */
create function catalog.finish_import(calendar_import_id uuid, read jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_calendar catalog.calendar_imports;
    v_busy tstzmultirange;
begin
    perform catalog.keep_resource(calendar_import_id);
    update catalog.calendar_imports
    set
        fetched_at = private.now(),
        last_error = null,
        failed_since = null,
        unanswered_since = null
    where
        calendar_imports.id = calendar_import_id
        and calendar_imports.attempts = (finish_import.read ->> 'attempt')::integer
    returning calendar_imports.* into v_calendar;
    if v_calendar.id is null or not finish_import.read ? 'events' then
        return;
    end if;
    v_busy = catalog.busy_time(v_calendar, finish_import.read -> 'events');

    delete from catalog.blocked_periods
    where
        blocked_periods.business_id = v_calendar.business_id
        and blocked_periods.resource_id = v_calendar.resource_id
        and blocked_periods.calendar_import_id = v_calendar.id
        and blocked_periods.during not in (select unnest(v_busy));
    insert into catalog.blocked_periods (business_id, resource_id, calendar_import_id, during)
    select v_calendar.business_id, v_calendar.resource_id, v_calendar.id, busy.during
    from unnest(v_busy) as busy (during)
    on conflict on constraint blocked_periods_imported_once do nothing;
    update catalog.calendar_imports
    set
        expanded_at = private.now(),
        etag = finish_import.read ->> 'etag',
        last_modified = finish_import.read ->> 'last_modified',
        skipped_count = (finish_import.read ->> 'skipped_count')::integer,
        skipped = coalesce(finish_import.read -> 'skipped', '[]')
    where calendar_imports.id = v_calendar.id;
end;
$$;

/*
 * Store why an attempt to read a calendar failed. The blocked periods stay.
 * Definer: as catalog.request_due_imports.
 */
create function catalog.fail_import(calendar_import_id uuid, attempt integer, reason text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update catalog.calendar_imports
    set unanswered_since = null
    where
        calendar_imports.id = fail_import.calendar_import_id
        and calendar_imports.attempts = fail_import.attempt;
    if found then
        perform catalog.note_failure(fail_import.calendar_import_id, fail_import.reason);
    end if;
end;
$$;

/*
 * Record the last error of a calendar, and since when readings have failed.
 */
create function catalog.note_failure(calendar_import_id uuid, reason text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update catalog.calendar_imports
    set
        last_error = note_failure.reason,
        failed_since = coalesce(calendar_imports.failed_since, private.now())
    where calendar_imports.id = note_failure.calendar_import_id;
end;
$$;
