delete from storage.resumable_uploads
where version = %(version)s
