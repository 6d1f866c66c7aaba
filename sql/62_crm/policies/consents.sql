-- Everybody who sees a business reads for what it asks; managers write it. A person reads their own
-- answers, members who serve customers those of their customers. Functions write answers.

alter table crm.consent_purposes enable row level security;
alter table crm.consents enable row level security;

grant select on crm.consent_purposes to anon;
grant select, insert (business_id, key, wording), update (wording), delete
on crm.consent_purposes to authenticated;
grant select on crm.consents to authenticated;
grant select, insert, update, delete
on crm.consent_purposes, crm.consents
to service_role;

create policy consent_purposes_select
on crm.consent_purposes
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = consent_purposes.business_id
    )
);

create policy consent_purposes_insert
on crm.consent_purposes
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy consent_purposes_update
on crm.consent_purposes
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy consent_purposes_delete
on crm.consent_purposes
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- An account that is no customer of a business stays unknown to it: nobody learns who wants offers.
create policy consents_select
on crm.consents
for select
to authenticated
using (
    user_id = (select auth.uid())
    or customer_id = any(array(select customers.mine()))
    or business_id = any(array(select private.my_businesses('serve')))
    and (
        customer_id is not null
        or exists (
            select 1
            from customers.customers
            where
                customers.business_id = consents.business_id
                and customers.user_id = consents.user_id
        )
    )
);

grant execute on function
crm.set_consent(uuid, text, boolean),
crm.record_consent(uuid, text, boolean, crm.consent_source)
to anon, authenticated, service_role;
