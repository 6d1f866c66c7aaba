-- Questions are read and written like the service that asks them.

alter table catalog.service_questions enable row level security;

grant select on table catalog.service_questions to anon;
grant select, delete on table catalog.service_questions to authenticated;
grant insert (
    id, business_id, service_id, key, label, kind, is_required, choices, position, is_active
) on table catalog.service_questions to authenticated;
grant update (
    id, business_id, key, label, kind, is_required, choices, position, is_active
) on table catalog.service_questions to authenticated;
grant select, insert, update, delete on table catalog.service_questions to service_role;

create policy service_questions_select
on catalog.service_questions
for select
to anon, authenticated
using (
    exists (
        select 1
        from catalog.services
        where
            services.business_id = service_questions.business_id
            and services.id = service_questions.service_id
    )
);

create policy service_questions_insert
on catalog.service_questions
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy service_questions_update
on catalog.service_questions
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy service_questions_delete
on catalog.service_questions
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));
