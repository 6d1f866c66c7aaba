delete from storage.objects
where id in (
    select id
    from storage.objects
    where bucket_id = %(bucket)s
    order by name collate "C"
    limit %(limit)s
)
