select key, name, id, updated_at, created_at, last_accessed_at, metadata
from storage.search_v2(
    %(prefix)s, %(bucket)s, %(limit)s, 1, %(after)s, %(order)s, %(column)s, %(after_at)s
)
