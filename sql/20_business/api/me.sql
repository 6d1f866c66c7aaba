/*
 * The caller: profile, platform role and memberships, in one answer.
 * plpgsql: memberships belong to the next domain, which is not there yet when this is declared.
 *
 * Errors:  PT401 not_signed_in
 */
create function public.me(
    out id uuid,
    out email text,
    out full_name text,
    out phone text,
    out locale text,
    out time_zone text,
    out created_at timestamptz,
    out platform_role text,
    out memberships json
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
    v_profile identity.profiles;
begin
    select profiles.* into v_profile
    from identity.profiles
    where profiles.id = v_user_id;

    id = v_profile.id;
    email = v_profile.email;
    full_name = v_profile.full_name;
    phone = v_profile.phone;
    locale = v_profile.locale;
    time_zone = v_profile.time_zone;
    created_at = v_profile.created_at;
    platform_role = (
        select platform_staff.role
        from identity.platform_staff
        where platform_staff.user_id = me.id
    );
    memberships = coalesce((
        select json_agg(
            json_build_object(
                'business_id', businesses.id,
                'name', businesses.name,
                'slug', businesses.slug,
                'role', business_members.role
            )
            order by businesses.name, businesses.id
        )
        from business.business_members
        inner join business.businesses on business_members.business_id = businesses.id
        where business_members.user_id = me.id
    ), '[]');
end;
$$;
grant execute on function public.me() to anon, authenticated, service_role;

comment on function public.me() is
'Return the caller''s profile, platform role (or null) and memberships.

memberships is an array of {business_id, name, slug, role}, ordered by name. May be null: '
'email, full_name, phone, platform_role.

Errors: not_signed_in 401.';
