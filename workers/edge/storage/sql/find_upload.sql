select
    version, bucket_id, name, owner_id, is_upsert, length, handle, part_tags, tail, received,
    metadata, user_metadata, told, expires_at
from storage.resumable_uploads
join storage.leftovers using (version)
where version = %(version)s and doomed_at is null and expires_at > now()
