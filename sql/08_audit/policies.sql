-- Nobody writes the trail: triggers do, with their owner's rights. Who may read it is said in
-- 21_oversight, which knows the staff and the members of a business.

alter table audit.entries enable row level security;
alter table audit.entries_else enable row level security;
alter table audit.maskings enable row level security;

grant execute on function
private.keep_audit_months()
to worker;
-- Masking is for the operator's own software.
grant usage on schema audit to service_role;
grant execute on function
audit.mask(bigint[], text[], text)
to service_role;
