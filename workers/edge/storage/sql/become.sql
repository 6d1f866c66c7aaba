select
    set_config('request.jwt.claims', %(claims)s, true),
    set_config('request.jwt.claim.sub', %(sub)s, true),
    set_config('request.jwt.claim.role', %(role)s, true),
    set_config('request.headers', %(headers)s, true),
    set_config('request.method', %(method)s, true),
    set_config('request.path', %(path)s, true),
    set_config('storage.operation', %(operation)s, true),
    set_config('storage.allow_delete_query', 'true', true),
    set_config('role', %(acting)s, true)
