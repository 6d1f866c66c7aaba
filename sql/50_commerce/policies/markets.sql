-- Everyone reads the active markets of a business that they can see; members read all of theirs,
-- and managers write them.

alter table commerce.markets enable row level security;

grant select on table commerce.markets to anon;
grant select, delete on table commerce.markets to authenticated;
grant insert (
    id, business_id, name, regions, currency, locale, position, is_active
) on table commerce.markets to authenticated;
grant update (
    id, business_id, name, regions, currency, locale, position, is_active
) on table commerce.markets to authenticated;
grant select, insert, update, delete on table commerce.markets to service_role;

create policy markets_select_public
on commerce.markets
for select
to anon
using (
    is_active
    and exists (
        select 1
        from business.businesses
        where businesses.id = markets.business_id
    )
);

create policy markets_select
on commerce.markets
for select
to authenticated
using (
    is_active
    and exists (
        select 1
        from business.businesses
        where businesses.id = markets.business_id
    )
    or business_id in (select private.my_businesses('view'))
);

create policy markets_insert
on commerce.markets
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy markets_update
on commerce.markets
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy markets_delete
on commerce.markets
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));
