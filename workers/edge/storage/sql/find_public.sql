select
    buckets.public, objects.id, buckets.id as bucket_id, objects.name, objects.version,
    objects.owner_id, objects.metadata, objects.user_metadata, objects.created_at,
    objects.updated_at
from storage.buckets
left join storage.objects on objects.bucket_id = buckets.id and objects.name = %(name)s
where buckets.id = %(bucket)s
