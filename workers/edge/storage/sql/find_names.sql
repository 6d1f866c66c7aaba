select name
from storage.objects
where bucket_id = %(bucket)s and name = any(%(names)s) and version is not null
