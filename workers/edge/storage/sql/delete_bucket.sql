delete from storage.buckets
where id = %(bucket)s
