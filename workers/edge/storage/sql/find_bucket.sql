select
    id, name, coalesce(owner_id, owner::text, '') as owner, public, file_size_limit,
    allowed_mime_types, type, created_at, updated_at
from storage.buckets
where id = %(bucket)s
