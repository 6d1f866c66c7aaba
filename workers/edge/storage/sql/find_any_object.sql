select name
from storage.objects
where bucket_id = %(bucket)s
limit 1
