-- Everyone sees and changes their own row and their own addresses, and nobody else's. Who runs the platform
-- is known to those who do; roles are granted by identity.set_platform_role, never by a write.

alter table identity.profiles enable row level security;
grant select on identity.profiles to authenticated;
grant update (full_name, phone, locale, time_zone) on identity.profiles to authenticated;
grant select, insert, update, delete on identity.profiles to service_role;
-- No insert, no delete: a profile comes and goes with its user. The e-mail is changed by signing in anew.

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

grant execute on function
    private.is_platform_staff(identity.platform_role),
    private.is_operator(),
    private.signed_in_user()
to anon, authenticated, service_role;
