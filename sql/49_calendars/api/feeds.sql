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
