update storage.buckets
set
    public = coalesce(%(public)s, public),
    file_size_limit = case when %(sets_size)s then %(file_size_limit)s else file_size_limit end,
    allowed_mime_types = case
        when %(sets_types)s then %(allowed_mime_types)s else allowed_mime_types
    end,
    updated_at = now()
where id = %(id)s
