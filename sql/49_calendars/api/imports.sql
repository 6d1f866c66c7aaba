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
