-- Feature flags as the platform's staff see them. Admins write the views; triggers of 09_flags
-- refuse what cannot be evaluated.

create view public.feature_flags
with (security_invoker = true)
as
select
    flags.key,
    flags.description,
    flags.kind,
    flags.value_type,
    flags.is_enabled,
    flags.is_public,
    flags.off_value,
    flags.variants,
    flags.rules,
    flags.starts_at,
    flags.ends_at,
    flags.created_at,
    flags.updated_at,
    flags.stale_reason(flags.kind, flags.created_at, flags.ends_at) as stale_reason
from flags.flags;
grant select, insert, update, delete on public.feature_flags to authenticated, service_role;

comment on view public.feature_flags is
'Feature flags.

For the platform''s staff; its admins write them. What a flag says for '
'somebody comes from /ofrep/v1.';
comment on column public.feature_flags.key is 'Primary key: the name that programs ask for.';
comment on column public.feature_flags.description is
'What the flag is for, at most 2000 characters.';
comment on column public.feature_flags.kind is
'release, experiment, operational, kill_switch or permission.';
comment on column public.feature_flags.value_type is 'boolean, string, number or json.';
comment on column public.feature_flags.is_enabled is 'Whether the flag is on for anybody.';
comment on column public.feature_flags.is_public is
'Whether browsers and apps may ask for it by OFREP.';
comment on column public.feature_flags.off_value is
'The value for everybody for whom the flag is off; false for a boolean flag.';
comment on column public.feature_flags.variants is
'Array of {name, weight, value, stickiness, overrides}; empty for a boolean flag.';
comment on column public.feature_flags.rules is
'Array of {percentage, groupId, stickiness, constraints, segments, variants}. The flag is on '
'if one of them matches, and for everybody if there are none.';
comment on column public.feature_flags.starts_at is 'Before it the flag is off; null for no start.';
comment on column public.feature_flags.ends_at is 'From it on the flag is off; null for no end.';
comment on column public.feature_flags.created_at is 'When the flag was created.';
comment on column public.feature_flags.updated_at is 'When the flag was last changed.';
comment on column public.feature_flags.stale_reason is
'Why the flag should be removed, such as `older than 40 days`; null while it is needed.';

create view public.flag_segments
with (security_invoker = true)
as
select
    segments.name,
    segments.constraints,
    segments.created_at,
    segments.updated_at
from flags.segments;
grant select, insert, update, delete on public.flag_segments to authenticated, service_role;

comment on view public.flag_segments is
'Constraints with a name, which the rules of several flags share.

For the platform''s staff; '
'its admins write them.';
comment on column public.flag_segments.name is 'Primary key; rules name it.';
comment on column public.flag_segments.constraints is
'Array of {contextName, operator, value, values, inverted, caseInsensitive}; all have to hold.';
comment on column public.flag_segments.created_at is 'When the segment was created.';
comment on column public.flag_segments.updated_at is 'When the segment was last changed.';

create view public.flag_targets
with (security_invoker = true)
as
select
    targets.flag_key,
    targets.subject,
    targets.is_denied,
    targets.variant,
    targets.created_at
from flags.targets;
grant select, insert, update, delete on public.flag_targets to authenticated, service_role;

comment on view public.flag_targets is
'Who always gets a flag, whatever the percentage says, and who never does.

For the '
'platform''s staff; its admins write them.';
comment on column public.flag_targets.flag_key is 'The flag.';
comment on column public.flag_targets.subject is
'The id of a user or a business, or another targeting key.';
comment on column public.flag_targets.is_denied is
'Whether the subject never gets the flag; this beats everything else.';
comment on column public.flag_targets.variant is
'The name of the variant that the subject gets; null for the one that its hash selects.';
comment on column public.flag_targets.created_at is 'When the target was added.';

create view public.flag_prerequisites
with (security_invoker = true)
as
select
    prerequisites.flag_key,
    prerequisites.required_key,
    prerequisites.must_be_on,
    prerequisites.variants
from flags.prerequisites;
grant select, insert, update, delete on public.flag_prerequisites to authenticated, service_role;

comment on view public.flag_prerequisites is
'Flags that have to be on, or off, for a subject before another one can be on for it.

For the '
'platform''s staff; its admins write them.';
comment on column public.flag_prerequisites.flag_key is 'The flag that waits.';
comment on column public.flag_prerequisites.required_key is
'The flag that it waits for, which has no prerequisites itself.';
comment on column public.flag_prerequisites.must_be_on is
'Whether the required flag has to be on; if false, it has to be off.';
comment on column public.flag_prerequisites.variants is
'Names of variants of which the required flag has to have one; empty for any.';

/*
 * Is a public flag on for the caller?
 *
 * Errors:  PT400 invalid_input
 */
create function public.flag(key text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_key text = private.to_required_text(flag.key, 'key', 200);
begin
    return flags.is_public(v_key) and private.flag(v_key);
end;
$$;
grant execute on function public.flag(text) to anon, authenticated, service_role;

comment on function public.flag(text) is
'Return whether a public flag is on for the caller; false for a flag that does not exist or is not '
'public.

Ask /ofrep/v1 for values, variants and rules about a context.

- key: the flag.

Errors: invalid_input 400.';
