select
    identity.admit_key(%(claims)s::jsonb),
    set_config('role', 'api_key', true)
