update storage.objects
set
    bucket_id = %(to_bucket)s,
    name = %(to_name)s,
    owner = coalesce(%(owner_uuid)s, owner),
    owner_id = coalesce(%(owner)s, owner_id)
where bucket_id = %(bucket)s and name = %(name)s
returning id
