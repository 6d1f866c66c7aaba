-- The initial schema of 21_oversight: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/21_oversight/policies/audit.sql

-- Who may read the audit trail: the admins of the platform all of it, owners and managers of a
-- business what happened to it. Nobody writes it.

grant usage on schema audit to authenticated;
grant select on audit.entries to authenticated, service_role;
-- Only the operator reads what was masked, and when.
grant select on audit.maskings to service_role;

create policy entries_select
on audit.entries
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('manage')))
    or (select private.is_platform_staff('admin'))
);

-- sql/21_oversight/policies/flags.sql

-- Who oversees the platform. Flags: its staff read them, its admins write them. Everybody else only
-- learns what a flag says for them, from private.flag or by OFREP.

grant select on flags.flags, flags.segments, flags.targets, flags.prerequisites, flags.kinds
to authenticated, service_role;
grant insert, update, delete on flags.flags, flags.segments, flags.targets, flags.prerequisites
to service_role;
grant delete on flags.flags, flags.segments, flags.targets, flags.prerequisites to authenticated;
grant insert (
    key, description, kind, value_type, is_enabled, is_public, off_value, variants, rules,
    starts_at, ends_at
) on flags.flags to authenticated;
grant update (
    key, description, kind, value_type, is_enabled, is_public, off_value, variants, rules,
    starts_at, ends_at
) on flags.flags to authenticated;
grant insert (name, constraints) on flags.segments to authenticated;
grant update (name, constraints) on flags.segments to authenticated;
grant insert (flag_key, subject, is_denied, variant) on flags.targets to authenticated;
grant update (flag_key, subject, is_denied, variant) on flags.targets to authenticated;
grant insert (flag_key, required_key, must_be_on, variants)
on flags.prerequisites to authenticated;
grant update (flag_key, required_key, must_be_on, variants)
on flags.prerequisites to authenticated;

-- Kinds are reference data; every writer of a flag has to see them, to be told what is wrong.
create policy kinds_select
on flags.kinds
for select
to authenticated
using (true);

create policy flags_select
on flags.flags
for select
to authenticated
using ((select private.is_platform_staff('support')));

create policy flags_insert
on flags.flags
for insert
to authenticated
with check ((select private.is_platform_staff('admin')));

create policy flags_update
on flags.flags
for update
to authenticated
using ((select private.is_platform_staff('admin')))
with check ((select private.is_platform_staff('admin')));

create policy flags_delete
on flags.flags
for delete
to authenticated
using ((select private.is_platform_staff('admin')));

create policy segments_select
on flags.segments
for select
to authenticated
using ((select private.is_platform_staff('support')));

create policy segments_insert
on flags.segments
for insert
to authenticated
with check ((select private.is_platform_staff('admin')));

create policy segments_update
on flags.segments
for update
to authenticated
using ((select private.is_platform_staff('admin')))
with check ((select private.is_platform_staff('admin')));

create policy segments_delete
on flags.segments
for delete
to authenticated
using ((select private.is_platform_staff('admin')));

create policy targets_select
on flags.targets
for select
to authenticated
using ((select private.is_platform_staff('support')));

create policy targets_insert
on flags.targets
for insert
to authenticated
with check ((select private.is_platform_staff('admin')));

create policy targets_update
on flags.targets
for update
to authenticated
using ((select private.is_platform_staff('admin')))
with check ((select private.is_platform_staff('admin')));

create policy targets_delete
on flags.targets
for delete
to authenticated
using ((select private.is_platform_staff('admin')));

create policy prerequisites_select
on flags.prerequisites
for select
to authenticated
using ((select private.is_platform_staff('support')));

create policy prerequisites_insert
on flags.prerequisites
for insert
to authenticated
with check ((select private.is_platform_staff('admin')));

create policy prerequisites_update
on flags.prerequisites
for update
to authenticated
using ((select private.is_platform_staff('admin')))
with check ((select private.is_platform_staff('admin')));

create policy prerequisites_delete
on flags.prerequisites
for delete
to authenticated
using ((select private.is_platform_staff('admin')));

-- sql/21_oversight/api/audit.sql

-- The audit trail as people read it.

create view public.audit_log
with (security_invoker = true)
as
select
    entries.id,
    entries.at,
    entries.table_name,
    entries.operation,
    entries.business_id,
    entries.row_id,
    entries.before,
    entries.after,
    entries.actor_id,
    entries.actor_role,
    entries.cause,
    entries.request_id,
    case
        when (select private.is_platform_staff('admin')) or (select private.is_operator())
            then entries.address
    end as address,
    case
        when (select private.is_platform_staff('admin')) or (select private.is_operator())
            then entries.user_agent
    end as user_agent,
    entries.transaction_id::text as transaction_id
from audit.entries;
grant select on public.audit_log to authenticated, service_role;

comment on view public.audit_log is
'Who changed which row, from where and by which call; order by id for the oldest first.

Rows are never changed. Owners and managers see what happened to their business, the platform''s '
'admins see everything. What is personal or secret appears as ***.';
comment on column public.audit_log.id is 'Part of the primary key; later entries have higher ids.';
comment on column public.audit_log.at is 'When the transaction of the change began.';
comment on column public.audit_log.table_name is 'The table, such as catalog.services.';
comment on column public.audit_log.operation is 'INSERT, UPDATE, DELETE or TRUNCATE.';
comment on column public.audit_log.business_id is
'The business that the row belongs to; null for a row of the platform or of a user.';
comment on column public.audit_log.row_id is
'The primary key of the row; the columns of a longer key are joined by a slash.';
comment on column public.audit_log.before is
'The deleted row, or the values that an update replaced; null for an insert.';
comment on column public.audit_log.after is
'The inserted row, or the values that an update wrote; null for a delete.';
comment on column public.audit_log.actor_id is
'The user whose token was sent; null for the operator''s software.';
comment on column public.audit_log.actor_role is
'The role of the database, such as authenticated, service_role or worker.';
comment on column public.audit_log.cause is
'The request of the API, such as POST /rpc/approve_business, or the name of the program.';
comment on column public.audit_log.request_id is 'The id of the request at the gateway, or null.';
comment on column public.audit_log.address is
'The network address of the request; null for others than admins of the platform.';
comment on column public.audit_log.user_agent is
'The program that sent the request; null for others than admins of the platform.';
comment on column public.audit_log.transaction_id is
'Changes with the same number were made together.';

-- sql/21_oversight/api/flags.sql

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

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
