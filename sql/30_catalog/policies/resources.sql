-- Resources are read and written like services.

grant select on table catalog.resources to anon;
grant select, delete on table catalog.resources to authenticated;
grant insert (
    id, business_id, kind, name, description, capacity, member_id, time_zone, position, is_active,
    staff_level
) on table catalog.resources to authenticated;
grant update (
    id, business_id, name, description, capacity, member_id, time_zone, position, is_active,
    staff_level
) on table catalog.resources to authenticated;
grant select, insert, update, delete on table catalog.resources to service_role;

create policy resources_select
on catalog.resources
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = resources.business_id
    )
);

create policy resources_insert
on catalog.resources
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy resources_update
on catalog.resources
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy resources_delete
on catalog.resources
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on table catalog.service_resources to anon;
grant select, delete on table catalog.service_resources to authenticated;
grant insert (
    business_id, service_id, resource_id, mode, pool, quantity, priority, weight
) on table catalog.service_resources to authenticated;
grant update (
    business_id, service_id, resource_id, mode, pool, quantity, priority, weight
) on table catalog.service_resources to authenticated;
grant select, insert, update, delete on table catalog.service_resources to service_role;

create policy service_resources_select
on catalog.service_resources
for select
to anon, authenticated
using (
    exists (
        select 1
        from catalog.services
        where
            services.business_id = service_resources.business_id
            and services.id = service_resources.service_id
    )
);

create policy service_resources_insert
on catalog.service_resources
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy service_resources_update
on catalog.service_resources
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy service_resources_delete
on catalog.service_resources
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));
