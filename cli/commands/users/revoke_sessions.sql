with ended as (
    delete from auth.sessions
    where
        sessions.user_id = %(user_id)s
        and %(session)s in ('all', sessions.id::text)
    returning sessions.id
),

audited as (
    insert into auth.audit_log_entries (instance_id, id, payload, created_at, ip_address)
    select
        '00000000-0000-0000-0000-000000000000',
        gen_random_uuid(),
        json_build_object(
            'action', 'token_revoked',
            'log_type', 'token',
            'actor_id', '00000000-0000-0000-0000-000000000000',
            'actor_username', 'operator',
            'traits', json_build_object(
                'user_id', %(user_id)s::uuid,
                'session_id', ended.id,
                'reason', 'revoked',
                'by', 'operator'
            )
        ),
        now(),
        ''
    from ended
)

select ended.id from ended
