select name, id, updated_at, created_at, last_accessed_at, metadata
from storage.search(
    %(prefix)s, %(bucket)s, %(limit)s, 1, %(offset)s, %(search)s, %(column)s, %(order)s
)
