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
