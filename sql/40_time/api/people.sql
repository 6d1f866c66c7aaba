/*
 * The caller's own bookings and sessions that clash between businesses, the earliest first.
 *
 * Errors:  PT401 not_signed_in · PT422 too_many_rows
 */
create function public.my_double_bookings()
returns table (
    business_id uuid,
    booking_id uuid,
    session_id uuid,
    starts_at timestamptz,
    ends_at timestamptz
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_count bigint;
begin
    return query
    select
        mine.business_id,
        mine.booking_id,
        mine.session_id,
        mine.starts_at,
        mine.ends_at
    from scheduling.my_double_bookings() as mine;
    get diagnostics v_count = row_count;
    perform private.require_page(v_count, 'Move or cancel some of the bookings that clash first.');
end;
$$;
grant execute on function public.my_double_bookings() to anon, authenticated, service_role;

comment on function public.my_double_bookings() is
'Return the upcoming bookings and sessions that take the caller at the same time as one of another '
'business, the earliest first: the business, the booking or the session, and its time, including '
'buffers. May be null: booking_id, session_id.

For people who work in several businesses: profiles.has_one_calendar can be switched on when this '
'list is empty.

Errors: not_signed_in 401, too_many_rows 422.';
