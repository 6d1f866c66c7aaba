-- Favorites are their owner's alone, to read and to write. Only a business that the owner can see
-- becomes one. Nothing about a favorite changes, so nobody may update it.

grant usage on schema crm to anon, authenticated, service_role;

alter table crm.favorites enable row level security;
grant select, delete on crm.favorites to authenticated;
grant insert (user_id, business_id) on crm.favorites to authenticated;
grant select, insert, update, delete on crm.favorites to service_role;

create policy favorites_select
on crm.favorites
for select
to authenticated
using (user_id = (select auth.uid()));

create policy favorites_insert
on crm.favorites
for insert
to authenticated
with check (
    user_id = (select auth.uid())
    and exists (
        select 1
        from business.businesses
        where businesses.id = favorites.business_id
    )
);

create policy favorites_delete
on crm.favorites
for delete
to authenticated
using (user_id = (select auth.uid()));
