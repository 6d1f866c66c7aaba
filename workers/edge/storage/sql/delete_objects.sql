delete from storage.objects
where bucket_id = %(bucket)s and name = any(%(names)s)
returning
    id, bucket_id, name, owner, owner_id, version, created_at, updated_at, last_accessed_at,
    metadata, user_metadata
