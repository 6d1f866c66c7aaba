select
    users.id,
    users.email,
    users.raw_user_meta_data ->> 'name' as name,
    users.raw_app_meta_data as app_metadata,
    users.raw_user_meta_data as user_metadata,
    users.created_at
from auth.users
where %(email)s::text is null or lower(users.email) = lower(%(email)s)
order by users.created_at, users.id
