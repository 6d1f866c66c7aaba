update storage.leftovers
set delete_after = now()
where version = %(version)s
