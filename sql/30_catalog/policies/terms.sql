-- Everybody reads which terms and versions there are; people read what they accepted, and support
-- reads all of it. Nobody writes: accept_terms and the pages do.

alter table catalog.terms enable row level security;
alter table catalog.terms_versions enable row level security;
alter table catalog.terms_acceptances enable row level security;

grant select on table catalog.terms, catalog.terms_versions to anon, authenticated, service_role;
grant select on table catalog.terms_acceptances to authenticated, service_role;

create policy terms_select
on catalog.terms
for select
to anon, authenticated
using (true);

create policy terms_versions_select
on catalog.terms_versions
for select
to anon, authenticated
using (true);

create policy terms_acceptances_select
on catalog.terms_acceptances
for select
to authenticated
using (
    user_id = (select auth.uid())
    or (select private.is_platform_staff('support'))
);

grant execute on function
catalog.accept_terms(uuid, text, text, integer, text),
catalog.set_terms_required(text, boolean, boolean)
to anon, authenticated, service_role;
