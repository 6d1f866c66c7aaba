insert into storage.resumable_uploads (
    version, bucket_id, name, owner_id, is_upsert, length, handle, metadata, user_metadata, told,
    expires_at
)
select
    version, %(bucket)s, %(name)s, %(owner)s, %(is_upsert)s, %(length)s, %(handle)s, %(metadata)s,
    %(user_metadata)s, %(told)s, delete_after
from storage.leftovers
where version = %(version)s and doomed_at is null
returning expires_at
