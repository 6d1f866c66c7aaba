insert into storage.buckets (
    id, name, owner, owner_id, public, file_size_limit, allowed_mime_types
)
values (
    %(id)s, %(name)s, %(owner_uuid)s, %(owner)s, %(public)s, %(file_size_limit)s,
    %(allowed_mime_types)s
)
