select key, name, id, updated_at, created_at, last_accessed_at, metadata
from storage.list_flat(
    %(prefix)s, %(bucket)s, %(limit)s, %(after)s, %(order)s, %(column)s, %(after_at)s
)
