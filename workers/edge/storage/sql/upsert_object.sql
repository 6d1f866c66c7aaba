insert into storage.objects (
    id, bucket_id, name, owner, owner_id, version, metadata, user_metadata
)
values (
    %(id)s, %(bucket)s, %(name)s,
    %(owner_uuid)s, %(owner)s, %(version)s, %(metadata)s, %(user_metadata)s
)
on conflict (bucket_id, name) do update
set
    owner = excluded.owner,
    owner_id = excluded.owner_id,
    version = excluded.version,
    metadata = excluded.metadata,
    user_metadata = excluded.user_metadata
returning id
