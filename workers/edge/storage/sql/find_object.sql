select id, bucket_id, name, version, owner_id, metadata, user_metadata, created_at, updated_at
from storage.objects
where bucket_id = %(bucket)s and name = %(name)s
