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
