-- A confirmed user with one e-mail identity, as Supabase Auth writes it.
-- Nothing comes back when the e-mail is taken.
with created as (
    insert into auth.users (
        instance_id,
        id,
        aud,
        role,
        email,
        encrypted_password,
        email_confirmed_at,
        raw_app_meta_data,
        raw_user_meta_data,
        created_at,
        updated_at
    )
    select
        '00000000-0000-0000-0000-000000000000',
        gen_random_uuid(),
        'authenticated',
        'authenticated',
        lower(%(email)s),
        '',
        now(),
        '{"provider": "email", "providers": ["email"]}'::jsonb,
        jsonb_strip_nulls(jsonb_build_object('name', %(name)s::text)),
        now(),
        now()
    where
        not exists (
            select from auth.users as taken
            where lower(taken.email) = lower(%(email)s)
        )
    returning id, email, created_at
),

identified as (
    insert into auth.identities (
        provider_id,
        user_id,
        identity_data,
        provider,
        created_at,
        updated_at
    )
    select
        created.id::text,
        created.id,
        jsonb_build_object('sub', created.id, 'email', created.email, 'email_verified', true),
        'email',
        now(),
        now()
    from created
),

audited as (
    insert into auth.audit_log_entries (instance_id, id, payload, created_at, ip_address)
    select
        '00000000-0000-0000-0000-000000000000',
        gen_random_uuid(),
        json_build_object(
            'action', 'user_signedup',
            'log_type', 'account',
            'actor_id', '00000000-0000-0000-0000-000000000000',
            'actor_username', 'operator',
            'traits', json_build_object('user_id', created.id, 'by', 'operator')
        ),
        now(),
        ''
    from created
)

select
    created.id,
    created.email,
    created.created_at
from created
