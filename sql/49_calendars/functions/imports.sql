-- Busy time from calendars of other programs. The workers fetch and read them; what it means for a
-- resource is decided here: whose clock a local time is of, which events are our own coming back,
-- and that all blocked periods of a calendar change at once.

/*
 * Let a calendar, by address or as a file, block a resource. It is read by a worker.
 * Definer: nobody has a write grant on imports; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_exists · PT422 limit_reached
 */
create function catalog.import_calendar(
    business_id uuid, resource_id uuid, url text, content text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
begin
    perform private.require_member(business_id, 'serve');
    perform private.lock(array[resource_id]);
    if not exists (
        select 1
        from catalog.resources
        where
            resources.id = import_calendar.resource_id
            and resources.business_id = import_calendar.business_id
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such resource.',
            'Check the id in the view resources.'
        );
    end if;
    if 10 <= (
        select count(*)
        from catalog.calendar_imports
        where
            calendar_imports.business_id = import_calendar.business_id
            and calendar_imports.resource_id = import_calendar.resource_id
    ) then
        perform private.refuse(
            'PT422', 'limit_reached', 'A resource can have at most 10 calendars.',
            'Delete one of them first.'
        );
    end if;
    insert into catalog.calendar_imports (business_id, resource_id, url, content, requested_at)
    values (business_id, resource_id, url, content, private.now())
    on conflict on constraint calendar_imports_once_each do nothing
    returning calendar_imports.id into v_id;
    if v_id is null then
        perform private.refuse(
            'PT409', 'already_exists', 'This resource already imports this calendar.',
            'Call refresh_calendar to read it again.'
        );
    end if;
    perform catalog.request_import(v_id);
    return v_id;
end;
$$;

/*
 * Have a calendar read again. Calendars are other people's servers, so two requests are 5 seconds
 * apart: the second waits, a third is the second.
 * Definer: as catalog.import_calendar.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function catalog.refresh_calendar(calendar_import_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_due_at timestamptz;
begin
    perform catalog.require_import(calendar_import_id);
    update catalog.calendar_imports
    set requested_at = greatest(
        private.now(), calendar_imports.requested_at + interval '5 seconds'
    )
    where
        calendar_imports.id = calendar_import_id
        and calendar_imports.requested_at <= private.now()
    returning calendar_imports.requested_at into v_due_at;
    if v_due_at is not null then
        perform catalog.request_import(calendar_import_id, nullif(v_due_at, private.now()));
    end if;
end;
$$;

/*
 * A calendar does not block any more.
 * Definer: as catalog.import_calendar.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function catalog.delete_calendar_import(calendar_import_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform catalog.require_import(calendar_import_id);
    perform catalog.keep_resource(calendar_import_id);
    delete from catalog.calendar_imports where calendar_imports.id = calendar_import_id;
end;
$$;

/*
 * Refuse whoever may not deal with a calendar.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function catalog.require_import(calendar_import_id uuid)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_business_id uuid = (
        select calendar_imports.business_id
        from catalog.calendar_imports
        where calendar_imports.id = calendar_import_id
    );
begin
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    if v_business_id is null
        or v_business_id not in (select private.my_businesses('view')) and not private.is_operator() then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such calendar.',
            'Check the id in the view calendar_imports.'
        );
    end if;
    perform private.require_member(v_business_id, 'serve');
end;
$$;

/*
 * Keep the resource of a calendar until the transaction ends. Whoever deletes a resource locks it
 * first and its calendars and blocks after it; so does whoever changes those.
 */
create function catalog.keep_resource(calendar_import_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform 1
    from catalog.resources
    where
        resources.id = (
            select calendar_imports.resource_id
            from catalog.calendar_imports
            where calendar_imports.id = keep_resource.calendar_import_id
        )
    for key share;
end;
$$;

/*
 * Tell the workers to read a calendar.
 */
create function catalog.request_import(
    calendar_import_id uuid, due_at timestamptz default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'calendar.import_requested',
        jsonb_build_object('calendar_import_id', calendar_import_id),
        due_at
    );
end;
$$;

/*
 * Have all calendars read whose time has come: addresses every quarter of an hour, files once a
 * day, because time goes on. Those of businesses that take no bookings rest. Gives how many.
 * Definer: called by the worker, which has no access to the table.
 */
create function catalog.request_due_imports()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
    v_count integer = 0;
begin
    for v_id in
        update catalog.calendar_imports
        set requested_at = private.now()
        where
            calendar_imports.requested_at <= private.now() - case
                when calendar_imports.url is null then interval '1 day' else interval '14 minutes'
            end
            and business.is_open(calendar_imports.business_id)
        returning calendar_imports.id
    loop
        perform catalog.request_import(v_id);
        v_count = v_count + 1;
    end loop;
    return v_count;
end;
$$;

/*
 * Begin to read a calendar: what to read and from when to when; null when it is gone. Once a day it
 * is read in full although it has not changed, because the period has moved on.
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
    set attempts = attempts + 1
    where calendar_imports.id = calendar_import_id
    returning calendar_imports.* into v_import;
    if v_import.id is null then
        return null;
    end if;
    v_is_whole = coalesce(v_import.expanded_at <= private.now() - interval '1 day', true);
    return jsonb_build_object(
        'attempt', v_import.attempts,
        'url', v_import.url,
        'content', v_import.content,
        'etag', case when not v_is_whole then v_import.etag end,
        'last_modified', case when not v_is_whole then v_import.last_modified end,
        'from_at', private.now() - interval '1 day',
        'to_at', private.now() + interval '400 days'
    );
end;
$$;

/*
 * The busy time that events leave to a resource. A time without an offset is of the resource's own
 * clock. Bookings and classes of the same business are left out: a feed of ours that comes back
 * through another calendar would block what it shows, also after a move or a cancellation.
 */
create function catalog.busy_time(calendar catalog.calendar_imports, events jsonb)
returns tstzmultirange
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_time_zone text;
begin
    select coalesce(resources.time_zone, businesses.time_zone) into v_time_zone
    from catalog.resources
    inner join business.businesses on businesses.id = resources.business_id
    where resources.id = calendar.resource_id;
    return (
        with given as (
            select
                substring(
                    event ->> 'uid',
                    '^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@frontdesk$'
                )::uuid as id,
                catalog.instant_of(event ->> 'starts', v_time_zone) as starts_at,
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
 * An instant that a calendar names: with Z it is one, without it is a wall clock of the zone.
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
 * A calendar has been read: its busy time, all at once, is what blocks from now on. `read` is
 * {attempt, events: [{uid, starts, ends}], skipped_count, etag, last_modified}, or {attempt} when
 * nothing has changed. What a later attempt has overtaken is forgotten. Bookings that exist stay.
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
        failed_since = null
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
        skipped_count = (finish_import.read ->> 'skipped_count')::integer
    where calendar_imports.id = v_calendar.id;
end;
$$;

/*
 * A calendar could not be read: what it blocked stays, and whoever looks is told why.
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
    set
        last_error = fail_import.reason,
        failed_since = coalesce(calendar_imports.failed_since, private.now())
    where
        calendar_imports.id = fail_import.calendar_import_id
        and calendar_imports.attempts = fail_import.attempt;
end;
$$;
