with flag as (
    insert into flags.flags as existing (
        key, description, kind, value_type, is_enabled, is_public, off_value, variants, rules,
        starts_at, ends_at
    )
    select
        %(key)s,
        coalesce(%(description)s, ''),
        coalesce(%(kind)s, 'release'),
        coalesce(%(value_type)s, 'boolean')::flags.value_type,
        coalesce(%(is_enabled)s, false),
        coalesce(%(is_public)s, false),
        coalesce(%(off_value)s, 'false')::jsonb,
        coalesce(%(variants)s, '[]')::jsonb,
        case
            when %(percentage)s::integer is null then coalesce(%(rules)s, '[]')::jsonb
            else jsonb_build_array(jsonb_build_object('percentage', %(percentage)s::integer))
        end,
        %(starts_at)s::timestamptz,
        %(ends_at)s::timestamptz
    on conflict (key) do update
    set
        description = coalesce(%(description)s, existing.description),
        kind = coalesce(%(kind)s, existing.kind),
        value_type = coalesce(%(value_type)s::flags.value_type, existing.value_type),
        is_enabled = coalesce(%(is_enabled)s, existing.is_enabled),
        is_public = coalesce(%(is_public)s, existing.is_public),
        off_value = coalesce(%(off_value)s::jsonb, existing.off_value),
        variants = coalesce(%(variants)s::jsonb, existing.variants),
        rules = case
            when %(percentage)s::integer is null then coalesce(%(rules)s::jsonb, existing.rules)
            when existing.rules = '[]' then excluded.rules
            else jsonb_set(existing.rules, '{0,percentage}', to_jsonb(%(percentage)s::integer))
        end,
        starts_at = coalesce(%(starts_at)s::timestamptz, existing.starts_at),
        ends_at = coalesce(%(ends_at)s::timestamptz, existing.ends_at)
    returning existing.key
),

cleared as (
    delete from flags.targets
    using flag
    where
        targets.flag_key = flag.key
        and targets.subject = any(%(clear)s::text [])
        and targets.subject <> all(%(allow)s::text [] || %(deny)s::text [])
),

targeted as (
    insert into flags.targets (flag_key, subject, is_denied)
    select flag.key, wanted.subject, wanted.subject = any(%(deny)s::text [])
    from flag
    cross join (
        select distinct given.subject
        from unnest(%(allow)s::text [] || %(deny)s::text []) as given (subject)
    ) as wanted
    on conflict (flag_key, subject) do update set is_denied = excluded.is_denied, variant = null
)

select flag.key from flag
