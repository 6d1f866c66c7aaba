-- The logins of analysts: whoever is a direct member of the role. A login without an end has no `until`.
select
    logins.rolname as name,
    (nullif(logins.rolvaliduntil, 'infinity') at time zone 'UTC')::date - 1 as until,
    coalesce(logins.rolvaliduntil <= now(), false) as is_expired,
    (
        select count(*)
        from pg_stat_activity
        where pg_stat_activity.usesysid = logins.oid
    ) as connections
from pg_roles as logins
inner join pg_auth_members on pg_auth_members.member = logins.oid
inner join pg_roles as granted on granted.oid = pg_auth_members.roleid
where
    granted.rolname = 'analyst'
    and logins.rolcanlogin
    and (%(name)s::text is null or logins.rolname = %(name)s)
order by logins.rolname
