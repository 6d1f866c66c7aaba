-- The initial schema of 49_calendars: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/49_calendars/tables.sql

-- Bookings as calendars to which phones and mail programs subscribe. The token of a feed is enough
-- to read it. So it is stored as a hash, can be replaced, and stops when the maker of the feed
-- loses the permission to see its bookings.

create table scheduling.calendar_feeds (
    id uuid primary key default gen_random_uuid(),
    -- The user who made it; the feed has this user's rights.
    user_id uuid not null references auth.users (id) on delete cascade,
    -- Null: the feed shows the bookings that the user made as a customer.
    business_id uuid references business.businesses (id) on delete cascade,
    -- Null: the feed shows the whole business.
    resource_id uuid,
    -- Only the hash is kept: the token is shown once, to whoever makes or rotates the feed.
    token_hash bytea not null,
    created_at timestamptz not null default now(),
    rotated_at timestamptz,

    constraint calendar_feeds_business_id_id_unique unique (business_id, id),
    constraint calendar_feeds_token_hash_unique unique (token_hash),
    constraint calendar_feeds_one_each unique nulls not distinct (
        user_id, business_id, resource_id
    ),
    constraint calendar_feeds_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint calendar_feeds_resources_have_a_business check (
        resource_id is null or business_id is not null
    )
);
comment on table scheduling.calendar_feeds is
'Bookings of a customer, a resource or a business as a calendar, readable by its secret address.';
comment on column scheduling.calendar_feeds.user_id is '[person: delete]';
comment on column scheduling.calendar_feeds.token_hash is '[secret]';
create index calendar_feeds_resource_idx on scheduling.calendar_feeds (business_id, resource_id);

-- sql/49_calendars/functions/feeds.sql

-- What a feed contains. A feed is that of a customer, of a business or of a resource, and each sees
-- different bookings with different times. Businesses and resources see a class as one session and
-- not as a booking for each guest.
-- The token of a feed is the proof of access: calendar_feed checks it, and the edge calls no other
-- function of this file.

/*
 * Return the bookings of a feed that start in a period, with their times.
 */
create function scheduling.feed_times(feed scheduling.calendar_feeds, during tstzrange)
returns table (booking_id uuid, starts_at timestamptz, ends_at timestamptz)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if feed.resource_id is not null then
        return query
        select times.*
        from scheduling.resource_feed_times(feed, feed_times.during) as times;
    elsif feed.business_id is not null then
        return query
        select times.*
        from scheduling.business_feed_times(feed, feed_times.during) as times;
    else
        return query
        select times.*
        from scheduling.customer_feed_times(feed, feed_times.during) as times;
    end if;
end;
$$;

/*
 * Return the bookings of a customer's feed that start in a period, classes included.
 */
create function scheduling.customer_feed_times(feed scheduling.calendar_feeds, during tstzrange)
returns table (booking_id uuid, starts_at timestamptz, ends_at timestamptz)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select bookings.id, bookings.starts_at, bookings.ends_at
    from scheduling.bookings
    where
        bookings.customer_id = feed.user_id
        and bookings.starts_at >= lower(customer_feed_times.during)
        and bookings.starts_at < upper(customer_feed_times.during);
end;
$$;

/*
 * Return the bookings of a business's feed that start in a period. Bookings of seats alone are left
 * out, because the feed shows the session instead.
 */
create function scheduling.business_feed_times(feed scheduling.calendar_feeds, during tstzrange)
returns table (booking_id uuid, starts_at timestamptz, ends_at timestamptz)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select bookings.id, bookings.starts_at, bookings.ends_at
    from scheduling.bookings
    where
        bookings.business_id = feed.business_id
        and bookings.starts_at >= lower(business_feed_times.during)
        and bookings.starts_at < upper(business_feed_times.during)
        and (
            not exists (
                select 1
                from scheduling.seats
                where
                    seats.business_id = bookings.business_id
                    and seats.booking_id = bookings.id
            )
            or exists (
                select 1
                from scheduling.allocations
                where
                    allocations.business_id = bookings.business_id
                    and allocations.booking_id = bookings.id
            )
        );
end;
$$;

/*
 * Return the bookings of a resource's feed that start in a period, with the times of their items
 * that need the resource. A cancelled booking stays in the feed of the resource that led it.
 */
create function scheduling.resource_feed_times(feed scheduling.calendar_feeds, during tstzrange)
returns table (booking_id uuid, starts_at timestamptz, ends_at timestamptz)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with items as (
        select booking_items.id
        from scheduling.booking_items
        where
            booking_items.business_id = feed.business_id
            and booking_items.resource_id = feed.resource_id
            and booking_items.cancelled_at is null
            and booking_items.starts_at >= lower(resource_feed_times.during)
            and booking_items.starts_at < upper(resource_feed_times.during)
        union
        select allocations.booking_item_id
        from scheduling.allocations
        where
            allocations.resource_id = feed.resource_id
            and allocations.is_blocking
            and allocations.during && resource_feed_times.during
    )

    select booking_items.booking_id, min(booking_items.starts_at), max(booking_items.ends_at)
    from items
    inner join scheduling.booking_items on booking_items.id = items.id
    where not exists (
        select 1
        from scheduling.seats
        where
            seats.business_id = booking_items.business_id
            and seats.booking_id = booking_items.booking_id
            and seats.booking_item_id = booking_items.id
    )
    group by booking_items.booking_id;
end;
$$;

/*
 * Return the bookings of a feed that start in a period, as entries. Customers read the business,
 * its address and the service; businesses read the customer's name and the service, nothing more.
 */
create function scheduling.feed_bookings(feed scheduling.calendar_feeds, during tstzrange)
returns setof jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with shown as (
        select times.* from scheduling.feed_times(feed, feed_bookings.during) as times
    )

    select
        jsonb_build_object(
            'id', bookings.id,
            'sequence', facts.sequence,
            'status', facts.status,
            'starts_at', shown.starts_at,
            'ends_at', shown.ends_at,
            'changed_at', bookings.updated_at,
            'reference', bookings.reference,
            'service_names', facts.service_names,
            'staff_names', case when feed.business_id is not null then facts.staff_names end,
            'party', case
                when feed.business_id is null then businesses.name
                else coalesce(bookings.customer_name, bookings.reference)
            end,
            'address', case
                when feed.business_id is null then business.address_of(businesses)
            end
        )
    from shown
    inner join scheduling.calendar_facts(array(select shown.booking_id from shown)) as facts
        on facts.booking_id = shown.booking_id
    inner join scheduling.bookings on bookings.id = shown.booking_id
    inner join business.businesses on businesses.id = bookings.business_id
    where facts.status is not null;
end;
$$;

/*
 * Return the sessions of classes of a feed that start in a period, as entries with the number of
 * taken seats. Customers have none: they see their bookings. Sessions do not move.
 */
create function scheduling.feed_sessions(feed scheduling.calendar_feeds, during tstzrange)
returns setof jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        jsonb_build_object(
            'id', sessions.id,
            'sequence', 0,
            'status', 'confirmed',
            'starts_at', sessions.starts_at,
            'ends_at', sessions.ends_at,
            'changed_at', sessions.created_at,
            'reference', null,
            'service_names', services.name,
            'staff_names', case when resources.kind = 'staff' then resources.name end,
            'party', format('%s/%s', sessions.capacity - seats.free, sessions.capacity),
            'address', null
        )
    from scheduling.sessions
    inner join catalog.services on services.id = sessions.service_id
    left join catalog.resources on resources.id = sessions.resource_id
    cross join lateral scheduling.free_seats(
        sessions.business_id, sessions.id, sessions.capacity
    ) as seats (free)
    where
        sessions.business_id = feed.business_id
        and sessions.starts_at >= lower(feed_sessions.during)
        and sessions.starts_at < upper(feed_sessions.during)
        and (
            feed.resource_id is null
            or exists (
                select 1
                from scheduling.allocations
                where
                    allocations.business_id = sessions.business_id
                    and allocations.session_id = sessions.id
                    and allocations.resource_id = feed.resource_id
            )
        );
end;
$$;

/*
 * Return the name under which programs show the calendar.
 */
create function scheduling.feed_name(feed scheduling.calendar_feeds)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select concat_ws(' · ', resources.name, businesses.name)
            from business.businesses
            left join catalog.resources
                on resources.business_id = businesses.id and resources.id = feed.resource_id
            where businesses.id = feed.business_id
        ),
        'Bookings'
    );
end;
$$;

/*
 * Return the name of a feed and its entries from 30 days ago to a year ahead; null when there is no
 * feed with this token, or its maker has lost the permission.
 * Definer: the edge may only call functions; the token is the proof of access.
 */
create function scheduling.calendar_feed(token text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_feed scheduling.calendar_feeds;
    v_during tstzrange = tstzrange(
        private.now() - interval '30 days', private.now() + interval '1 year'
    );
begin
    select calendar_feeds.* into v_feed
    from scheduling.calendar_feeds
    where calendar_feeds.token_hash = business.token_hash(calendar_feed.token);
    if v_feed.id is null or not scheduling.is_feed_alive(v_feed) then
        return null;
    end if;
    return (
        with entries as (
            select shown.entry from scheduling.feed_bookings(v_feed, v_during) as shown (entry)
            union all
            select shown.entry from scheduling.feed_sessions(v_feed, v_during) as shown (entry)
        )

        select jsonb_build_object(
            'name', scheduling.feed_name(v_feed),
            'entries', coalesce(
                jsonb_agg(entries.entry order by entries.entry ->> 'starts_at', entries.entry ->> 'id'),
                '[]'
            )
        )
        from entries
    );
end;
$$;

-- sql/49_calendars/functions/imports.sql

-- Calendars of other programs that block a resource: who adds and deletes them, and when a worker
-- reads them. The database never opens an address: it emits an event, and a worker reads the
-- calendar. reading.sql stores the result.

/*
 * Add a calendar, by its address or as a file, that blocks a resource. A worker reads it.
 * Definer: nobody has a write grant on imports; the function checks the caller.
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
 * Request another reading of a calendar. Its server belongs to somebody else, so two readings are
 * at least 5 seconds apart: a second request waits, and a third one meanwhile changes nothing.
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
 * Delete a calendar and what it blocks.
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
 * Refuse a caller who may not manage a calendar.
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
 * Lock the resource of a calendar against deletion until the transaction ends. Deleting a resource
 * locks the resource first, then its calendars and blocked periods. Changes of those must lock in
 * the same order, or two transactions could deadlock.
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
 * Request a reading of all calendars that are due: addresses every quarter of an hour, and files
 * once a day, because the period moves on. Skip businesses that take no bookings. Returns how many
 * it requested.
 * Definer: the worker calls it and has no access to the table.
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

-- sql/49_calendars/functions/reading.sql

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

-- sql/49_calendars/functions/subscriptions.sql

-- Calendar feeds: who may create them, and how they end.
-- A feed has the rights of the user who made it, and stops when that user loses the permission. A
-- new token replaces the old address at once. feeds.sql says what a feed contains.

/*
 * Create a feed of a resource, of a business, or of the caller's own bookings.
 * Definer: nobody has a write grant on feeds; the function checks the caller.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 already_exists
 */
create function scheduling.create_calendar_feed(business_id uuid, resource_id uuid, token text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
    v_business_id uuid = scheduling.business_of_feed(business_id, resource_id);
    v_id uuid;
begin
    if v_business_id is not null then
        perform private.require_member(
            v_business_id, case when resource_id is null then 'manage' else 'serve' end
        );
    end if;
    insert into scheduling.calendar_feeds (user_id, business_id, resource_id, token_hash)
    values (v_user_id, v_business_id, resource_id, business.token_hash(token))
    on conflict on constraint calendar_feeds_one_each do nothing
    returning calendar_feeds.id into v_id;
    if v_id is null then
        perform private.refuse(
            'PT409', 'already_exists', 'You already have this feed.',
            'Rotate it to get a new address.'
        );
    end if;
    return v_id;
end;
$$;

/*
 * Return the business of a feed: the given one, or that of the resource; null without either. A
 * resource that the caller cannot see is refused like one that does not exist.
 *
 * Errors:  PT404 not_found
 */
create function scheduling.business_of_feed(business_id uuid, resource_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_business_id uuid = (
        select resources.business_id
        from catalog.resources
        where
            resources.id = business_of_feed.resource_id
            and resources.business_id = coalesce(
                business_of_feed.business_id, resources.business_id
            )
            and (
                business.is_open(resources.business_id)
                or resources.business_id in (select private.my_businesses('view'))
            )
    );
begin
    if resource_id is not null and v_business_id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such resource.',
            'Check the id in the view resources.'
        );
    end if;
    return coalesce(v_business_id, business_id);
end;
$$;

/*
 * Replace the token of the caller's feed. The old address stops at once.
 * Definer: as scheduling.create_calendar_feed.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function scheduling.rotate_calendar_feed(feed_id uuid, token text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update scheduling.calendar_feeds
    set token_hash = business.token_hash(token), rotated_at = private.now()
    where calendar_feeds.id = feed_id and calendar_feeds.user_id = private.current_user_id();
    if not found then
        perform scheduling.refuse_feed();
    end if;
end;
$$;

/*
 * Delete a feed of the caller, or of a business that the caller manages.
 * Definer: as scheduling.create_calendar_feed.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function scheduling.delete_calendar_feed(feed_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if not private.is_operator() then
        perform private.current_user_id();
    end if;
    delete from scheduling.calendar_feeds
    where
        calendar_feeds.id = feed_id
        and (
            calendar_feeds.user_id = auth.uid()
            or calendar_feeds.business_id in (select private.my_businesses('manage'))
            or private.is_operator()
        );
    if not found then
        perform scheduling.refuse_feed();
    end if;
end;
$$;

/*
 * Refuse a feed that does not exist or that the caller may not change.
 *
 * Errors:  PT404 not_found
 */
create function scheduling.refuse_feed()
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT404', 'not_found', 'There is no such feed.', 'Check the id in the view calendar_feeds.'
    );
end;
$$;

/*
 * Return whether the maker of a feed may still see what it contains. The roles are those with the
 * permissions that scheduling.create_calendar_feed requires.
 */
create function scheduling.is_feed_alive(feed scheduling.calendar_feeds)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from auth.users
        where
            users.id = feed.user_id
            and (users.banned_until is null or users.banned_until <= private.now())
    ) and (
        feed.business_id is null
        or exists (
            select 1
            from business.managers_of(feed.business_id) as managers
            where managers.user_id = feed.user_id
        )
        or feed.resource_id is not null and exists (
            select 1
            from business.business_members
            where
                business_members.business_id = feed.business_id
                and business_members.user_id = feed.user_id
                and business_members.role = 'staff'
        )
    );
end;
$$;

-- sql/49_calendars/policies.sql

-- Who may use calendars. People see and delete their own feeds and those of a business that they
-- manage. Functions make all changes. The edge reads a feed by its token; workers read imported
-- calendars.

alter table scheduling.calendar_feeds enable row level security;
-- The hash of the token is not granted.
grant select (id, user_id, business_id, resource_id, created_at, rotated_at)
on scheduling.calendar_feeds to authenticated;
-- No write is granted: create_calendar_feed, rotate_calendar_feed and delete_calendar_feed write.
grant select, insert, update, delete on scheduling.calendar_feeds to service_role;

create policy calendar_feeds_select
on scheduling.calendar_feeds
for select
to authenticated
using (
    user_id = (select auth.uid())
    or business_id = any(array(select private.my_businesses('manage')))
);

grant usage on schema scheduling to edge;
grant execute on function
catalog.request_due_imports(),
catalog.start_import(uuid),
catalog.finish_import(uuid, jsonb),
catalog.fail_import(uuid, integer, text)
to worker;
grant execute on function
catalog.import_calendar(uuid, uuid, text, text),
catalog.refresh_calendar(uuid),
catalog.delete_calendar_import(uuid)
to anon, authenticated, service_role;
grant execute on function scheduling.calendar_feed(text)
to edge;
grant execute on function
scheduling.create_calendar_feed(uuid, uuid, text),
scheduling.rotate_calendar_feed(uuid, text),
scheduling.delete_calendar_feed(uuid)
to anon, authenticated, service_role;

-- sql/49_calendars/api/feeds.sql

-- Calendar feeds for clients: list, create, rotate and delete them.
-- The calendar itself is at /functions/v1/calendar/{token}.ics. Only create and rotate return the
-- token, because the database stores its hash alone.

create view public.calendar_feeds
with (security_invoker = true)
as
select
    calendar_feeds.id,
    calendar_feeds.user_id,
    calendar_feeds.business_id,
    calendar_feeds.resource_id,
    calendar_feeds.created_at,
    calendar_feeds.rotated_at
from scheduling.calendar_feeds;
grant select on public.calendar_feeds to authenticated, service_role;

comment on view public.calendar_feeds is
'Calendars to subscribe to: the caller''s own, and those of businesses that the caller manages.

Written by create_calendar_feed, rotate_calendar_feed and delete_calendar_feed.';
comment on column public.calendar_feeds.id is 'Primary key.';
comment on column public.calendar_feeds.user_id is
'The user who created it; the feed has this user''s rights.';
comment on column public.calendar_feeds.business_id is
'The business whose bookings it shows; null for the user''s own bookings as a customer.';
comment on column public.calendar_feeds.resource_id is
'The resource whose bookings it shows; null for the whole business.';
comment on column public.calendar_feeds.created_at is 'When it was created.';
comment on column public.calendar_feeds.rotated_at is 'When its address was last rotated, or null.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_exists
 */
create function public.create_calendar_feed(
    business_id public.identifier default null,
    resource_id public.identifier default null,
    out feed_id uuid,
    out token text,
    out path text
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    -- 244 random bits: two UUIDs of PostgreSQL's strong random source.
    token = replace(concat(gen_random_uuid(), gen_random_uuid()), '-', '');
    path = '/functions/v1/calendar/' || token || '.ics';
    feed_id = scheduling.create_calendar_feed(
        private.to_identifier(business_id, 'business_id', is_required => false),
        private.to_identifier(resource_id, 'resource_id', is_required => false),
        token
    );
end;
$$;
comment on function public.create_calendar_feed is
'Create a calendar to subscribe to, at {path} of the API''s address: of a resource (resource_id; '
'owners, managers and staff), of a business (business_id; owners and managers), or of the '
'caller''s own bookings.

Returns {feed_id, token, path}; the token is returned only once. The feed stops when the caller '
'may no longer see what it shows.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, already_exists 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.rotate_calendar_feed(
    feed_id public.identifier, out token text, out path text
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    token = replace(concat(gen_random_uuid(), gen_random_uuid()), '-', '');
    path = '/functions/v1/calendar/' || token || '.ics';
    perform scheduling.rotate_calendar_feed(private.to_identifier(feed_id, 'feed_id'), token);
end;
$$;
comment on function public.rotate_calendar_feed is
'Give one of the caller''s feeds a new address.

The old address stops at once. Returns {token, path}.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.delete_calendar_feed(feed_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.delete_calendar_feed(private.to_identifier(feed_id, 'feed_id'));
end;
$$;
comment on function public.delete_calendar_feed is
'Delete a feed: the caller''s own or, for owners and managers, one of their business.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';
grant execute on function
public.create_calendar_feed(public.identifier, public.identifier),
public.rotate_calendar_feed(public.identifier),
public.delete_calendar_feed(public.identifier)
to anon, authenticated, service_role;

-- sql/49_calendars/api/imports.sql

-- Imported calendars for clients. A resource may have a calendar in another program; the busy time
-- of that calendar blocks the resource here. Clients add, refresh and delete such calendars, and
-- the view shows whether the last reading worked. A worker reads the calendars.

create view public.calendar_imports
with (security_invoker = true)
as
select
    calendar_imports.id,
    calendar_imports.business_id,
    calendar_imports.resource_id,
    calendar_imports.host,
    calendar_imports.requested_at,
    calendar_imports.fetched_at,
    calendar_imports.skipped_count,
    calendar_imports.last_error,
    calendar_imports.failed_since,
    calendar_imports.created_at,
    calendar_imports.skipped
from catalog.calendar_imports;
grant select on public.calendar_imports to authenticated, service_role;

comment on view public.calendar_imports is
'Calendars of other programs whose busy time blocks a resource, as rows of blocked_periods.

Readable by members; written by import_calendar, refresh_calendar and delete_calendar_import.';
comment on column public.calendar_imports.id is 'Primary key.';
comment on column public.calendar_imports.business_id is 'The business.';
comment on column public.calendar_imports.resource_id is 'The resource that it blocks.';
comment on column public.calendar_imports.host is
'The host of its address; null for an uploaded file. Nobody can read the whole address.';
comment on column public.calendar_imports.requested_at is 'When a reading was last requested.';
comment on column public.calendar_imports.fetched_at is
'When it was last read, whether it had changed or not; null before the first reading.';
comment on column public.calendar_imports.skipped_count is
'Events that could not be understood and do not block.';
comment on column public.calendar_imports.last_error is
'Why the last reading failed, or null. The earlier blocked periods stay.';
comment on column public.calendar_imports.failed_since is
'Since when readings have failed, or null.';
comment on column public.calendar_imports.created_at is 'When it was created.';
comment on column public.calendar_imports.skipped is
'Why events do not block: a list of {reason, count}, the most frequent first, at most 10.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_exists · PT422 limit_reached
 */
create function public.import_calendar(
    business_id public.identifier,
    resource_id public.identifier,
    url text default null,
    content text default null
)
returns public.calendar_imports
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_import public.calendar_imports;
begin
    v_id = catalog.import_calendar(
        private.to_identifier(business_id, 'business_id'),
        private.to_identifier(resource_id, 'resource_id'),
        regexp_replace(private.to_text(url, 'url', 2000), '^webcals?://', 'https://', 'i'),
        -- Other programs wrote it, so control characters are allowed; the table checks the size.
        nullif(content, '')
    );
    select calendar_imports.* into strict v_import
    from public.calendar_imports
    where calendar_imports.id = v_id;
    return v_import;
end;
$$;
comment on function public.import_calendar is
'Block a resource while another calendar is busy.

Send either url (http, https or webcal, read every 15 minutes) or content (iCalendar, at most 1 '
'MiB). A resource can have 10 calendars. Existing bookings stay. For owners, managers and staff. '
'Returns the import.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, already_exists 409, '
'limit_reached 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.refresh_calendar(calendar_import_id public.identifier)
returns public.calendar_imports
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(calendar_import_id, 'calendar_import_id');
    v_import public.calendar_imports;
begin
    perform catalog.refresh_calendar(v_id);
    select calendar_imports.* into strict v_import
    from public.calendar_imports
    where calendar_imports.id = v_id;
    return v_import;
end;
$$;
comment on function public.refresh_calendar is
'Read a calendar now, at most once in 5 seconds.

For owners, managers and staff. Returns the import.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.delete_calendar_import(calendar_import_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform catalog.delete_calendar_import(
        private.to_identifier(calendar_import_id, 'calendar_import_id')
    );
end;
$$;
comment on function public.delete_calendar_import is
'Delete an import.

Its calendar no longer blocks the resource. For owners, managers and staff.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';
grant execute on function
public.import_calendar(public.identifier, public.identifier, text, text),
public.refresh_calendar(public.identifier),
public.delete_calendar_import(public.identifier)
to anon, authenticated, service_role;

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
