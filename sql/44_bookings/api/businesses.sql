-- The businesses that the caller works for.

/*
 * Errors:  PT401 not_signed_in
 */
create function public.my_businesses()
returns table (
    id uuid,
    name text,
    slug text,
    vertical_id text,
    status text,
    is_active boolean,
    is_verified boolean,
    role text,
    booking_count bigint
)
language sql
stable
security invoker
set search_path = ''
begin atomic
    select
        mine.id,
        mine.name,
        mine.slug,
        mine.vertical_id,
        mine.status,
        mine.is_active,
        mine.is_verified,
        mine.role,
        mine.booking_count
    from scheduling.list_my_businesses() as mine;
end;
grant execute on function public.my_businesses() to anon, authenticated, service_role;

comment on function public.my_businesses() is
'Return the caller''s businesses in every state, ordered by name, with the caller''s role.

booking_count counts all bookings ever made, in every status.

Errors: not_signed_in 401.';
