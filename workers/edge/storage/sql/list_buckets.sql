select
    id, name, coalesce(owner_id, owner::text, '') as owner, public, file_size_limit,
    allowed_mime_types, type, created_at, updated_at
from storage.buckets
where name ilike '%%' || regexp_replace(%(search)s, '([%%_\\])', '\\\1', 'g') || '%%'
order by
    case
        when %(descending)s then null
        when %(column)s = 'name' then name
        when %(column)s = 'id' then id
    end,
    case
        when not %(descending)s then null
        when %(column)s = 'name' then name
        when %(column)s = 'id' then id
    end desc,
    case
        when %(descending)s then null
        when %(column)s = 'created_at' then created_at
        when %(column)s = 'updated_at' then updated_at
    end,
    case
        when not %(descending)s then null
        when %(column)s = 'created_at' then created_at
        when %(column)s = 'updated_at' then updated_at
    end desc,
    id
limit %(limit)s offset %(offset)s
