select asked.key_id
from unnest(%(key_ids)s::text[]) as asked (key_id)
where not identity.is_key_live(asked.key_id::uuid)
