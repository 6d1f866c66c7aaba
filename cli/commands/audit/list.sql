select
    entries.id,
    entries.at,
    entries.table_name,
    entries.operation::text,
    businesses.slug as business,
    entries.row_id,
    array(
        select jsonb_object_keys(coalesce(entries.after, entries.before))
        where entries.operation = 'UPDATE'
    ) as changed,
    coalesce(users.email, entries.actor_id::text, entries.actor_role) as actor,
    entries.cause,
    host(entries.address) as address
from audit.entries
left join auth.users on users.id = entries.actor_id
left join business.businesses on businesses.id = entries.business_id
where
    (%(table)s::text is null or entries.table_name = %(table)s)
    and (%(row)s::text is null or entries.row_id = %(row)s)
    and (%(actor_id)s::uuid is null or entries.actor_id = %(actor_id)s)
    and (%(since)s::timestamptz is null or entries.at >= %(since)s)
    and (
        %(business)s::text is null
        or businesses.slug = %(business)s
        or entries.business_id::text = %(business)s
    )
order by entries.id desc
limit %(limit)s
