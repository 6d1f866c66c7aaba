-- Calendars of other programs that block resources.

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
    calendar_imports.created_at
from catalog.calendar_imports;
grant select on public.calendar_imports to authenticated, service_role;

comment on view public.calendar_imports is
'Calendars of other programs whose busy time blocks a resource, as rows of blocked_periods. Read by
members; written by import_calendar and its siblings.';
comment on column public.calendar_imports.id is 'Key.';
comment on column public.calendar_imports.business_id is 'The business.';
comment on column public.calendar_imports.resource_id is 'The resource that it blocks.';
comment on column public.calendar_imports.host is
'The host of its address, which itself is nobody''s to read; null: an uploaded file.';
comment on column public.calendar_imports.requested_at is 'When it was last asked to be read.';
comment on column public.calendar_imports.fetched_at is
'When it was last read, changed or not; null: not yet.';
comment on column public.calendar_imports.skipped_count is
'Events that could not be understood, and so do not block.';
comment on column public.calendar_imports.last_error is
'Why it could not be read the last time, or null. What it blocked before stays.';
comment on column public.calendar_imports.failed_since is
'Since when it cannot be read, or null.';
comment on column public.calendar_imports.created_at is 'When it was made.';

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
        private.to_text(content, 'content', 1048576)
    );
    select calendar_imports.* into strict v_import
    from public.calendar_imports
    where calendar_imports.id = v_id;
    return v_import;
end;
$$;
comment on function public.import_calendar is
'Let the busy time of a calendar block a resource: by its address (url: http, https or webcal, read
every 15 minutes) or as a file (content: iCalendar, at most 1 MiB), exactly one of them; at most 10 a
resource. For owners, managers and staff. Bookings that exist stay. Gives the import.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, already_exists 409,
limit_reached 422.';

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
'Have a calendar read now; two requests are 5 seconds apart. For owners, managers and staff. Gives
the import.
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
'A calendar does not block its resource any more. For owners, managers and staff.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';
grant execute on function
public.import_calendar(public.identifier, public.identifier, text, text),
public.refresh_calendar(public.identifier),
public.delete_calendar_import(public.identifier)
to anon, authenticated, service_role;
