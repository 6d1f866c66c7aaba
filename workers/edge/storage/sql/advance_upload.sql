update storage.resumable_uploads
set part_tags = %(tags)s, tail = %(tail)s, received = %(received)s
where version = %(version)s and received = %(before)s
