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
