/*
 * The caller's businesses with the caller's role and the number of bookings ever made, by name.
 * Definer: the number is that of all bookings, whatever the caller's role may read of them.
 * plpgsql: bookings belong to a later domain, which is not there yet when this is declared.
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
