select
    flags.key,
    flags.description,
    flags.kind,
    flags.value_type::text,
    flags.is_enabled,
    flags.is_public,
    (flags.rules #>> '{0,percentage}')::integer as percentage,
    flags.off_value,
    flags.variants,
    flags.rules,
    array(
        select targets.subject from flags.targets
        where targets.flag_key = flags.key and not targets.is_denied order by targets.subject
    ) as allowed,
    array(
        select targets.subject from flags.targets
        where targets.flag_key = flags.key and targets.is_denied order by targets.subject
    ) as denied,
    array(
        select prerequisites.required_key from flags.prerequisites
        where prerequisites.flag_key = flags.key order by prerequisites.required_key
    ) as waits_for,
    flags.starts_at,
    flags.ends_at,
    flags.created_at,
    flags.updated_at,
    flags.stale_reason(flags.kind, flags.created_at, flags.ends_at) as stale_reason
from flags.flags
where %(key)s::text is null or flags.key = %(key)s
order by flags.key
