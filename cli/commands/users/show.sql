select
    users.id,
    users.email,
    users.phone,
    users.raw_user_meta_data ->> 'name' as name,
    users.created_at,
    users.email_confirmed_at,
    users.phone_confirmed_at,
    users.last_sign_in_at,
    users.banned_until,
    users.is_anonymous,
    platform_staff.role::text as platform_role,
    (
        select string_agg(identities.provider, ' ' order by identities.created_at)
        from auth.identities
        where identities.user_id = users.id
    ) as signs_in_with,
    (
        select count(*)
        from auth.mfa_factors
        where mfa_factors.user_id = users.id and mfa_factors.status = 'verified'
    ) as second_factors,
    (
        select count(*)
        from auth.sessions
        where
            sessions.user_id = users.id
            and (sessions.not_after is null or sessions.not_after > now())
    ) as open_sessions
from auth.users
left join identity.platform_staff on users.id = platform_staff.user_id
where users.id = %(user_id)s
