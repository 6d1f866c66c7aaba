-- The businesses that the caller works for.

/*
 * Errors:  PT401 not_signed_in · PT422 too_many_rows
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
    get diagnostics v_count = row_count;
    perform private.require_page(v_count, 'Read the view business_members page by page.');
end;
$$;
grant execute on function public.my_businesses() to anon, authenticated, service_role;

comment on function public.my_businesses() is
'Return the caller''s businesses in every state, ordered by name, with the caller''s role.

booking_count counts all bookings ever made, in every status.

Errors: not_signed_in 401, too_many_rows 422.';
