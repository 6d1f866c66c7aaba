select
    set_config('request.headers', %(headers)s, true),
    identity.exchange_key(%(key)s, %(address)s)
