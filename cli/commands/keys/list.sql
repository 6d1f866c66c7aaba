-- API keys, the newest first.
select
    api_keys.id,
    businesses.slug as business,
    api_keys.name,
    api_keys.prefix,
    array_to_string(api_keys.scopes, ' ') as scopes,
    case
        when api_keys.revoked_at is not null then 'revoked'
        when api_keys.expires_at <= private.now() then 'expired'
        else 'active'
    end as status,
    api_keys.expires_at,
    api_keys.last_used_at,
    api_keys.created_at
from public.api_keys
inner join business.businesses on businesses.id = api_keys.business_id
where %(business_id)s::uuid is null or api_keys.business_id = %(business_id)s
order by api_keys.created_at desc, api_keys.id
limit %(limit)s
