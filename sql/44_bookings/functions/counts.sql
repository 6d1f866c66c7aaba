-- The businesses of a member, with the number of bookings ever made in each.

/*
 * Return the caller's businesses with the caller's role, ordered by name.
 * Definer: all bookings are counted, whatever the caller's role may read of them.
 *
 * Errors:  PT401 not_signed_in
 */
create function scheduling.list_my_businesses()
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
security definer
set search_path = ''
as $$
begin
    return query
    select
        businesses.id,
        businesses.name,
        businesses.slug,
        businesses.vertical_id,
        businesses.status::text,
        businesses.is_active,
        businesses.is_verified,
        business_members.role::text,
        (
            select count(*)
            from scheduling.bookings
            where bookings.business_id = businesses.id
        )
    from business.business_members
    inner join business.businesses on business_members.business_id = businesses.id
    where business_members.user_id = private.token_user_id()
    order by businesses.name, businesses.id;
end;
$$;
