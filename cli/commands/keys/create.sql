-- Create an API key; it is shown once.
select
    id,
    key
from public.create_api_key(
    %(business_id)s::text, %(name)s, %(scopes)s, %(expires_at)s, %(allowed_addresses)s
)
