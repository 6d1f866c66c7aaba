select (metadata ->> 'size')::bigint as length, owner_id
from storage.objects
where version = %(version)s
