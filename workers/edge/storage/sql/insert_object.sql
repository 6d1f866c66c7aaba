insert into storage.objects (
    id, bucket_id, name, owner, owner_id, version, metadata, user_metadata
)
values (
    %(id)s, %(bucket)s, %(name)s,
    %(owner_uuid)s, %(owner)s, %(version)s, %(metadata)s, %(user_metadata)s
)
