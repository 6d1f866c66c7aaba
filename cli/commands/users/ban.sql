-- Zero hours end a ban. What was done is in the audit, as Supabase Auth writes it.
with ended as (
    delete from auth.sessions
    where sessions.user_id = %(user_id)s and %(hours)s > 0
),

audited as (
    insert into auth.audit_log_entries (instance_id, id, payload, created_at, ip_address)
    values (
        '00000000-0000-0000-0000-000000000000',
        gen_random_uuid(),
        json_build_object(
            'action', 'user_modified',
            'log_type', 'user',
            'actor_id', '00000000-0000-0000-0000-000000000000',
            'actor_username', 'operator',
            'traits', json_build_object(
                'user_id', %(user_id)s::uuid, 'banned_hours', %(hours)s::integer, 'by', 'operator'
            )
        ),
        now(),
        ''
    )
)

update auth.users
set
    banned_until = case
        when %(hours)s::integer > 0 then now() + make_interval(hours => %(hours)s::integer)
    end,
    updated_at = now()
where users.id = %(user_id)s
returning users.id
