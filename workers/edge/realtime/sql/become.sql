select
    set_config('request.jwt.claims', %(claims)s, true),
    set_config('request.jwt.claim.sub', %(sub)s, true),
    set_config('request.jwt.claim.role', %(role)s, true),
    set_config('request.headers', %(headers)s, true),
    set_config('realtime.topic', %(topic)s, true),
    set_config('auth.admitted_key', '', true),
    set_config('role', %(acting)s, true)
