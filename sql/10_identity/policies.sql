-- Users read and change their own profile and addresses, and nobody else's. Only platform staff see
-- platform staff. Roles are granted by identity.set_platform_role, never by a write.

alter table identity.profiles enable row level security;
grant select on identity.profiles to authenticated;
grant update (
    full_name, phone, locale, time_zone, has_one_calendar
) on identity.profiles to authenticated;
grant select, insert, update, delete on identity.profiles to service_role;
-- No insert, no delete: a profile is created and deleted with its user. The e-mail address changes
-- through sign-in.

create policy profiles_select
on identity.profiles
for select
to authenticated
using (id = (select auth.uid()));

create policy profiles_update
on identity.profiles
for update
to authenticated
using (id = (select auth.uid()))
with check (id = (select auth.uid()));

alter table identity.addresses enable row level security;
grant select, delete on identity.addresses to authenticated;
grant insert (
    id, user_id, label, recipient, line1, line2, city, region, postal_code, country, is_default
) on identity.addresses to authenticated;
grant update (
    id, user_id, label, recipient, line1, line2, city, region, postal_code, country, is_default
) on identity.addresses to authenticated;
grant select, insert, update, delete on identity.addresses to service_role;
-- user_id may be sent, but addresses__keep_owner writes the caller's own; id may be written because
-- an upsert writes it, and changing it is refused.

create policy addresses_select
on identity.addresses
for select
to authenticated
using (user_id = (select auth.uid()));

create policy addresses_insert
on identity.addresses
for insert
to authenticated
with check (user_id = (select auth.uid()));

create policy addresses_update
on identity.addresses
for update
to authenticated
using (user_id = (select auth.uid()))
with check (user_id = (select auth.uid()));

create policy addresses_delete
on identity.addresses
for delete
to authenticated
using (user_id = (select auth.uid()));

alter table identity.platform_staff enable row level security;
grant select on identity.platform_staff to authenticated;
grant select, insert, update, delete on identity.platform_staff to service_role;
-- No writes: identity.set_platform_role gives and takes roles, and checks the caller.

create policy platform_staff_select
on identity.platform_staff
for select
to authenticated
using (user_id = (select auth.uid()) or (select private.is_platform_staff('support')));

-- Only the operator reads the history; clients do not need it yet.
alter table identity.platform_staff_history enable row level security;
grant select on identity.platform_staff_history to service_role;

-- No writes: triggers note what happens. Analysts count events, and see neither the user nor the
-- address.
alter table identity.activity_events enable row level security;
grant select on identity.activity_events to authenticated, service_role;
grant select (kind, at) on identity.activity_events to analyst;
grant usage on schema identity to analyst;

create policy activity_events_select
on identity.activity_events
for select
to authenticated
using (user_id = (select auth.uid()));

create policy activity_events_select_analyst
on identity.activity_events
for select
to analyst
using (true);
grant execute on function private.forget_old_activity()
to worker;
-- Callers who are not admins get an empty list.
grant execute on function identity.list_users()
to authenticated, service_role;
grant execute on function
identity.my_sessions(),
identity.revoke_session(uuid)
to anon, authenticated, service_role;
grant execute on function
private.require_platform_staff(identity.platform_role),
private.require_second_factor(),
identity.set_platform_role(uuid, identity.platform_role),
private.is_platform_staff(identity.platform_role),
private.is_operator(),
private.current_user_id()
to anon, authenticated, service_role;
